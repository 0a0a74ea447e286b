// The texts of the pages in two more languages.
import type { PageTexts } from '../../../lib/oauth/index.ts'

export const german: PageTexts = {
  consentTitle: 'Zugriff auf {app} erlauben?',
  consentHeading: '{client} möchte in Ihrem Namen auf {app} zugreifen',
  unnamedClient: 'Eine Anwendung ohne Namen',
  abilities: 'Sie kann dann',
  useAs: '{app} als {account} benutzen',
  account: 'Ihr Konto',
  otherAccount: 'Anderes Konto verwenden',
  resource: 'Zugriff auf',
  publisher: 'Anwendung veröffentlicht von',
  returnTo: 'Sie kehren zurück zu',
  localAdvice: 'Die Anwendung läuft auf Ihrem eigenen Gerät. Erlauben Sie dies nur, wenn Sie sie gerade selbst ' +
    'verbinden.',
  unverifiedAdvice: 'Jeder kann den Namen dieser Anwendung wählen. Erlauben Sie dies nur, wenn Sie der Adresse ' +
    'vertrauen, zu der Sie zurückkehren.',
  publishedAdvice: 'Erlauben Sie dies nur, wenn Sie der Anwendung vertrauen.',
  allow: 'Erlauben',
  cancel: 'Abbrechen',
  returningTitle: 'Zurück',
  returningHeading: 'Zurück zu {client}',
  returning: 'Sie können dieses Fenster schließen, sobald die Anwendung verbunden ist. Wenn nichts geschieht:',
  proceed: 'Weiter',
  refusedTitle: 'Sie können sich hier nicht anmelden',
  refused: 'Bitten Sie den Administrator dieser App um Zugang.',
  cancelled: 'Sie haben die Anmeldung abgebrochen.',
  tryAgain: 'Noch einmal versuchen',
  giveUp: 'Zurück zur Anwendung',
  failedTitle: 'Die Anmeldung ist fehlgeschlagen',
  failed: 'Die Anmeldung mit {provider} hat nicht funktioniert. Versuchen Sie es später noch einmal.',
  expiredTitle: 'Diese Anmeldung ist abgelaufen',
  expired: 'Sie hat zu lange gedauert, ist schon abgeschlossen oder begann in einem anderen Browser. ' +
    'Gehen Sie zurück zur Anwendung und verbinden Sie sie noch einmal.',
  busyTitle: 'Zu viele Anmeldungen',
  busy: 'Aus Ihrem Netz oder aus allen Netzen zusammen haben zu viele Anmeldungen begonnen. Warten Sie eine halbe ' +
    'Stunde, gehen Sie dann zurück zur Anwendung und verbinden Sie sie noch einmal.',
  errorTitle: 'Diese Anmeldung kann nicht fortgesetzt werden',
  error: 'Gehen Sie zurück zur Anwendung und verbinden Sie sie noch einmal. Das war falsch:',
  scopes: { 'notes:read': 'Ihre Notizen lesen' }
}

export const arabic: PageTexts = {
  consentTitle: 'هل تسمح بالوصول إلى {app}؟',
  consentHeading: 'يريد {client} الوصول إلى {app} نيابةً عنك',
  unnamedClient: 'تطبيق بلا اسم',
  abilities: 'سيتمكن من',
  useAs: 'استخدام {app} باسم {account}',
  account: 'حسابك',
  otherAccount: 'استخدام حساب آخر',
  resource: 'الوصول إلى',
  publisher: 'ناشر التطبيق',
  returnTo: 'ستعود إلى',
  localAdvice: 'يعمل التطبيق على جهازك. اسمح بذلك فقط إذا بدأت للتو توصيله بنفسك.',
  unverifiedAdvice: 'يمكن لأي شخص اختيار اسم هذا التطبيق. اسمح بذلك فقط إذا كنت تثق بالعنوان الذي ستعود إليه.',
  publishedAdvice: 'اسمح بذلك فقط إذا كنت تثق بالتطبيق.',
  allow: 'سماح',
  cancel: 'إلغاء',
  returningTitle: 'عودة',
  returningHeading: 'العودة إلى {client}',
  returning: 'يمكنك إغلاق هذه النافذة بعد توصيل التطبيق. إذا لم يحدث شيء:',
  proceed: 'متابعة',
  refusedTitle: 'لا يمكنك تسجيل الدخول هنا',
  refused: 'اطلب الوصول من مسؤول هذا التطبيق.',
  cancelled: 'لقد ألغيت تسجيل الدخول.',
  tryAgain: 'حاول مرة أخرى',
  giveUp: 'العودة إلى التطبيق',
  failedTitle: 'فشل تسجيل الدخول',
  failed: 'لم ينجح تسجيل الدخول عبر {provider}. حاول مرة أخرى لاحقًا.',
  expiredTitle: 'انتهت صلاحية تسجيل الدخول',
  expired: 'استغرق وقتًا طويلًا، أو اكتمل بالفعل، أو بدأ في متصفح آخر. عد إلى التطبيق واتصل مرة أخرى.',
  busyTitle: 'عدد كبير جدًا من عمليات تسجيل الدخول',
  busy: 'بدأت عمليات تسجيل دخول كثيرة جدًا من شبكتك أو من جميع الشبكات. ' +
    'انتظر نصف ساعة ثم عد إلى التطبيق واتصل مرة أخرى.',
  errorTitle: 'لا يمكن متابعة تسجيل الدخول',
  error: 'عد إلى التطبيق واتصل مرة أخرى. هذا هو الخطأ:'
}
