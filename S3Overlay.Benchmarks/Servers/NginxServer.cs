using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>
/// nginx serving the same bytes as plain files, or handing them on from another server: the measure for "as fast as it gets" on one core.
/// </summary>
public sealed class NginxServer : IServerUnderTest
{
    private readonly ServerProcess _process;

    private NginxServer(ServerProcess process, int port, string name) => (_process, Port, Name) = (process, port, name);

    /// <summary>
    /// An object of the small workloads in one piece, those of the large in pieces as large as the proxy's, and nothing to a file on the
    /// disk.
    /// </summary>
    private const string Buffers = "proxy_buffer_size 16k; proxy_buffers 16 64k; proxy_busy_buffers_size 512k; proxy_max_temp_file_size 0;";

    public string Name { get; }

    public int Port { get; }

    /// <summary>Whether nginx is installed.</summary>
    public static bool IsInstalled => Binary is not null;

    private static string? Binary => new[] { "/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx" }.FirstOrDefault(File.Exists);

    /// <summary>Starts one worker over a folder of files; or, given the port of an upstream server, in front of that.</summary>
    /// <param name="folder">The files are in <c>files</c> below it.</param>
    /// <param name="upstream">The port of the upstream server, or null.</param>
    /// <param name="processor">The processor it runs on.</param>
    /// <param name="keepsOpen">Whether it keeps files open between requests (<c>open_file_cache</c>).</param>
    public static async Task<NginxServer> StartAsync(string folder, int? upstream = null, int processor = 0, bool keepsOpen = false)
    {
        var port = ServerProcess.FreePort();
        var configuration = Path.Combine(folder, $"nginx-{port}.conf");
        var source = upstream is { } behind
            ? $"location / {{ proxy_pass http://upstream_{behind}; proxy_http_version 1.1; proxy_set_header Connection \"\"; {Buffers} }}"
            : $"root {folder}/files;";
        var upstreams = upstream is { } server
            ? $"upstream upstream_{server} {{ server 127.0.0.1:{server}; keepalive 64; keepalive_requests 1000000000; }}"
            : "";
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid {{folder}}/nginx-{{port}}.pid; error_log stderr; user root;
            events { worker_connections 1024; }
            http {
              access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000;
              open_file_cache {{(keepsOpen ? "max=16000 inactive=1h; open_file_cache_valid 1h" : "off")}};
              default_type binary/octet-stream; client_body_temp_path {{folder}}; proxy_temp_path {{folder}}; fastcgi_temp_path {{folder}};
              uwsgi_temp_path {{folder}}; scgi_temp_path {{folder}};
              {{upstreams}}
              server { listen 127.0.0.1:{{port}}; {{source}} }
            }
            """);
        var process = await ServerProcess.StartAsync(port, Binary!, ["-c", configuration, "-p", folder, "-e", "stderr"],
            new Dictionary<string, string>(), processor);
        return new NginxServer(process, port, keepsOpen ? "nginx+ofc" : "nginx");
    }

    public LoadRequest Request(string bucket, Ask ask) => RequestText.Write(Port, bucket, ask, []);

    public TimeSpan Cpu() => _process.Cpu();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
