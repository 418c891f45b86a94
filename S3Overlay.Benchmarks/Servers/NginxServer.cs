using System.Text;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>nginx serving the same bytes as plain files, or handing them on from another server: the measure for "as fast as it gets" on one core.</summary>
public sealed class NginxServer : IServerUnderTest
{
    private readonly ServerProcess _process;

    private NginxServer(ServerProcess process, int port) => (_process, Port) = (process, port);

    /// <summary>An object of the small workloads in one piece, those of the large in pieces as large as the proxy's, and nothing to a file on the disk.</summary>
    private const string Buffers = "proxy_buffer_size 16k; proxy_buffers 16 64k; proxy_busy_buffers_size 512k; proxy_max_temp_file_size 0;";

    /// <inheritdoc/>
    public string Name => "nginx";

    /// <inheritdoc/>
    public int Port { get; }

    /// <summary>Whether nginx is installed.</summary>
    public static bool IsInstalled => Binary is not null;

    private static string? Binary => new[] { "/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx" }.FirstOrDefault(File.Exists);

    /// <summary>Starts one worker over a folder of files; or, given the port of an upstream server, in front of that.</summary>
    public static async Task<NginxServer> StartAsync(string folder, int? upstream = null, int processor = 0)
    {
        var port = ServerProcess.FreePort();
        var configuration = Path.Combine(folder, $"nginx-{port}.conf");
        var source = upstream is { } behind
            ? $"location / {{ proxy_pass http://upstream_{behind}; proxy_http_version 1.1; proxy_set_header Connection \"\"; {Buffers} }}"
            : $"root {folder}/files;";
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            daemon off; worker_processes 1; pid {{folder}}/nginx-{{port}}.pid; error_log stderr; user root;
            events { worker_connections 1024; }
            http {
              access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; open_file_cache max=100;
              default_type binary/octet-stream; client_body_temp_path {{folder}}; proxy_temp_path {{folder}}; fastcgi_temp_path {{folder}};
              uwsgi_temp_path {{folder}}; scgi_temp_path {{folder}};
              {{(upstream is { } server ? $"upstream upstream_{server} {{ server 127.0.0.1:{server}; keepalive 64; keepalive_requests 1000000000; }}" : "")}}
              server { listen 127.0.0.1:{{port}}; {{source}} }
            }
            """);
        return new NginxServer(
            await ServerProcess.StartAsync(port, Binary!, ["-c", configuration, "-p", folder, "-e", "stderr"], new Dictionary<string, string>(), processor), port);
    }

    /// <inheritdoc/>
    public byte[][] Requests(Workload workload) => [.. Enumerable.Range(0, workload.Variants).Select(variant => Encoding.Latin1.GetBytes(workload.PlainRequest(variant, Port)))];

    /// <inheritdoc/>
    public TimeSpan Cpu() => _process.Cpu();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
