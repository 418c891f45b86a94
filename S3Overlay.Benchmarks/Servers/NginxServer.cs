using S3Overlay.Benchmarks.Load;
using S3Overlay.Benchmarks.Workloads;

namespace S3Overlay.Benchmarks.Servers;

/// <summary>nginx with one worker: the measure for "as fast as it gets" on one core.</summary>
public sealed class NginxServer : IServerUnderTest
{
    /// <summary>
    /// An object of the small workloads in one piece, those of the large in pieces as large as the proxy's, and nothing to a file on the
    /// disk.
    /// </summary>
    private const string Buffers = "proxy_buffer_size 16k; proxy_buffers 16 64k; proxy_busy_buffers_size 512k; proxy_max_temp_file_size 0;";

    private const string KeepAlive = "proxy_http_version 1.1; proxy_set_header Connection \"\";";

    private readonly ServerProcess _process;

    private NginxServer(ServerProcess process, int port, string name) => (_process, Port, Name) = (process, port, name);

    public string Name { get; }

    public int Port { get; }

    /// <summary>Whether nginx is installed.</summary>
    public static bool IsInstalled => Binary is not null;

    private static string? Binary => new[] { "/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx" }.FirstOrDefault(File.Exists);

    /// <summary>Serves the same bytes as plain files.</summary>
    /// <param name="folder">The files are in <c>files</c> below it.</param>
    /// <param name="keepsOpen">Whether it keeps files open between requests (<c>open_file_cache</c>).</param>
    public static Task<NginxServer> ServeFilesAsync(string folder, bool keepsOpen) => StartAsync(
        keepsOpen ? "nginx+ofc" : "nginx", folder,
        $"open_file_cache {(keepsOpen ? "max=16000 inactive=1h; open_file_cache_valid 1h" : "off")};", $"root {folder}/files;");

    /// <summary>Hands on what another server has.</summary>
    /// <param name="folder">For its own files.</param>
    /// <param name="upstream">The port of the other server.</param>
    public static Task<NginxServer> ForwardAsync(string folder, int upstream) => StartAsync(
        "nginx", folder, Upstream(upstream), $"location / {{ proxy_pass http://behind; {KeepAlive} {Buffers} }}");

    /// <summary>Caches what another server has, in slices of 1 MiB; one request fetches a slice for all who want it.</summary>
    /// <param name="folder">For the cache.</param>
    /// <param name="upstream">The port of the other server.</param>
    public static Task<NginxServer> CacheSlicesAsync(string folder, int upstream) => StartAsync(
        "slices", folder,
        $"{Upstream(upstream)} proxy_cache_path {folder}/slices levels=1:2 keys_zone=slices:64m max_size=2g inactive=1h use_temp_path=off;",
        $"location / {{ proxy_pass http://behind; {KeepAlive} slice 1m; proxy_cache slices; proxy_cache_key $uri$slice_range; "
        + "proxy_set_header Range $slice_range; proxy_cache_valid 200 206 1h; proxy_cache_lock on; "
        + "proxy_cache_lock_timeout 1h; proxy_cache_lock_age 1h; proxy_read_timeout 1h; send_timeout 1h; }");

    /// <summary>Stores what is sent to it as files (WebDAV). It neither syncs nor checks anything.</summary>
    /// <param name="folder">For the files.</param>
    public static Task<NginxServer> StoreFilesAsync(string folder) => StartAsync(
        "dav", folder, "", $"root {folder}/dav; dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 0;");

    public LoadRequest Request(string bucket, Ask ask) => RequestText.Write(Port, bucket, ask, []);

    public TimeSpan Cpu() => _process.Cpu();

    public long Resident() => _process.Resident();

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private static string Upstream(int port) =>
        $"upstream behind {{ server 127.0.0.1:{port}; keepalive 64; keepalive_requests 1000000000; }}";

    /// <summary>Serves the same bytes as plain files on a given processor, for others to forward from.</summary>
    public static Task<NginxServer> ServeFilesAsync(string folder, int processor) => StartAsync(
        "nginx", folder, "open_file_cache max=16000 inactive=1h; open_file_cache_valid 1h;", $"root {folder}/files;", processor);

    private static async Task<NginxServer> StartAsync(string name, string folder, string http, string server, int processor = 0)
    {
        var port = ServerProcess.FreePort();
        var configuration = Path.Combine(folder, $"nginx-{port}.conf");
        await File.WriteAllTextAsync(
            configuration,
            $$"""
            daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid {{folder}}/nginx-{{port}}.pid; error_log stderr; user root;
            events { worker_connections 1024; }
            http {
              access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; keepalive_requests 1000000000; keepalive_timeout 1h;
              default_type binary/octet-stream; client_body_temp_path {{folder}}; proxy_temp_path {{folder}}; fastcgi_temp_path {{folder}};
              uwsgi_temp_path {{folder}}; scgi_temp_path {{folder}};
              {{http}}
              server { listen 127.0.0.1:{{port}}; {{server}} }
            }
            """);
        var process = await ServerProcess.StartAsync(port, Binary!, ["-c", configuration, "-p", folder, "-e", "stderr"],
            new Dictionary<string, string>(), processor);
        return new NginxServer(process, port, name);
    }
}
