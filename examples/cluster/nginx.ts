// The configuration of nginx: it distributes requests over the nodes in turn, regardless of their sessions.

/** Returns a complete configuration. @param directory Where nginx may write. @param nodes Hosts with ports. */
export function createConfiguration (directory: string, port: string, nodes: readonly string[]): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `  ${name}_temp_path ${directory}/${name};`
  )
  return `daemon off;
pid ${directory}/nginx.pid;
error_log stderr crit;
events {}

http {
  access_log off;
${temporary.join('\n')}

  upstream nodes {
${nodes.map((node) => `    server ${node} max_fails=1 fail_timeout=2s;`).join('\n')}
    keepalive 32;
  }

  server {
    listen 127.0.0.1:${port};
    client_max_body_size 4m;

    location / {
      proxy_pass http://nodes;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 60s;

      # A request that a node may have begun to serve is not repeated at another one, because it may have had effects.
      proxy_next_upstream error timeout;
      proxy_connect_timeout 2s;
    }
  }
}
`
}
