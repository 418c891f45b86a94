using System.Collections.Concurrent;
using System.Net;

using Amazon.S3;
using Amazon.S3.Model;

using Microsoft.Extensions.Logging;

using S3Overlay.Testing;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.TestingPackage;

/// <summary>A server of S3Overlay.Testing, as a test that uses the package sees it.</summary>
public sealed class S3OverlayServerTests
{
    [Fact]
    public async Task Without_options_it_is_an_empty_S3_server()
    {
        await using var overlay = await S3OverlayServer.StartAsync();

        await overlay.Client.PutBucketAsync("bucket");
        await PutAsync(overlay, "bucket", "key", "text");

        Assert.Equal("text", await ReadAsync(overlay, "bucket", "key"));
        Assert.Equal(["bucket"], (await overlay.Client.ListBucketsAsync()).Buckets.Select(bucket => bucket.BucketName));
        Assert.True(overlay.Endpoint.IsLoopback);
        Assert.Throws<InvalidOperationException>(() => overlay.Remote);
    }

    [Fact]
    public async Task Writes_stay_here_and_the_remote_is_only_read()
    {
        await using var overlay = await S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("photos").Object("a", "theirs").Object("b", "theirs too")));

        await PutAsync(overlay, "photos", "a", "mine");
        await overlay.Client.DeleteObjectAsync("photos", "b");

        Assert.Equal("mine", await ReadAsync(overlay, "photos", "a"));
        Assert.Equal(["a"], await ListAsync(overlay, "photos"));
        Assert.All(overlay.Remote.Requests, request => Assert.Contains(request.Method, (string[])["GET", "HEAD"]));
        Assert.Equal("theirs", await ReadRemoteAsync(overlay, "photos/a"));
    }

    [Fact]
    public async Task Servers_of_one_process_share_nothing()
    {
        var servers = await Task.WhenAll(Enumerable.Range(0, 4).Select(number => S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("bucket").Object("name", $"remote {number}")).Cache())));
        try
        {
            await Task.WhenAll(servers.Select((server, number) => PutAsync(server, "bucket", $"of {number}", "text")));

            for (var number = 0; number < servers.Length; number++)
            {
                Assert.Equal($"remote {number}", await ReadAsync(servers[number], "bucket", "name"));
                Assert.Equal(["name", $"of {number}"], await ListAsync(servers[number], "bucket"));
            }

            Assert.Equal(4, servers.Select(server => server.Endpoint.Port).Distinct().Count());
            Assert.Equal(4, servers.Select(server => server.SecretKey).Distinct().Count());
            using var stranger = new AmazonS3Client(servers[0].AccessKey, servers[0].SecretKey,
                new AmazonS3Config { ServiceURL = servers[1].Endpoint.ToString(), ForcePathStyle = true, MaxErrorRetry = 0 });
            var refused = await Assert.ThrowsAsync<AmazonS3Exception>(() => stranger.ListBucketsAsync());
            Assert.Equal("InvalidAccessKeyId", refused.ErrorCode);
        }
        finally
        {
            await Task.WhenAll(servers.Select(server => server.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task Its_temporary_files_go_with_it()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["parent"]);
        var overlay = await S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("bucket").Object("theirs", "text"))
            .Cache().Folder(folder["parent"]));
        await PutAsync(overlay, "bucket", "mine", "text");
        await ReadAsync(overlay, "bucket", "theirs");
        Assert.NotEmpty(Directory.EnumerateFiles(folder["parent"], "*", SearchOption.AllDirectories));

        await overlay.DisposeAsync();

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder["parent"]));
    }

    [Fact]
    public async Task Disposing_it_cuts_a_request_that_waits_for_the_remote()
    {
        var never = new TaskCompletionSource();
        var overlay = await S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("bucket").Object("slow", "text").Waits(never.Task)).Cache());
        using var http = new HttpClient();
        var url = await overlay.Client.GetPreSignedURLAsync(new GetPreSignedUrlRequest
            { BucketName = "bucket", Key = "slow", Protocol = Amazon.S3.Protocol.HTTP, Expires = DateTime.UtcNow.AddMinutes(5) });
        var reading = http.GetAsync(url);
        await overlay.Remote.RequestedAsync();

        await overlay.DisposeAsync().AsTask().WaitAsync(Patience.Limit);

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => reading);
    }

    [Fact]
    public async Task The_tests_clock_ages_the_cache_and_dates_the_writes_while_clients_sign_by_their_own()
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2001, 2, 3, 4, 5, 6, TimeSpan.Zero));
        await using var overlay = await S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("bucket").Object("key", "old"))
            .Cache(revalidateAfter: TimeSpan.FromMinutes(10))
            .Time(time));
        Assert.Equal("old", await ReadAsync(overlay, "bucket", "key"));
        overlay.Remote.Bucket("bucket").Object("key", "new");

        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("old", await ReadAsync(overlay, "bucket", "key"));
        time.Advance(TimeSpan.FromMinutes(6));
        Assert.Equal("new", await ReadAsync(overlay, "bucket", "key"));

        await PutAsync(overlay, "bucket", "mine", "text");
        var mine = await overlay.Client.GetObjectMetadataAsync("bucket", "mine");
        Assert.Equal(time.GetUtcNow().UtcDateTime, mine.LastModified!.Value.ToUniversalTime());
    }

    [Fact]
    public async Task A_cache_folder_that_the_test_names_serves_the_next_run()
    {
        using var folder = new TemporaryFolder();
        await using var remote = await Testing.ScriptedRemote.StartAsync(r => r.Bucket("bucket").Object("key", "text"));
        for (var run = 0; run < 2; run++)
        {
            await using var overlay = await S3OverlayServer.StartAsync(o => o.Remote(remote).Cache(folder: folder["cache"]));
            Assert.Equal("text", await ReadAsync(overlay, "bucket", "key"));
        }

        Assert.Single(remote.Bucket("bucket")["key"].Requests, static request => request.Method == "GET");
    }

    [Fact]
    public async Task Keys_port_and_mapping_are_the_tests_choice()
    {
        int port;
        await using (var other = await S3OverlayServer.StartAsync())
        {
            port = other.Endpoint.Port;
        }

        await using var overlay = await S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("production").Object("2024/key", "text"))
            .Map("photos", "production/2024").Map("all", "production")
            .Keys("me", "my-secret").Port(port));

        Assert.Equal("text", await ReadAsync(overlay, "photos", "key"));
        Assert.Equal("text", await ReadAsync(overlay, "all", "2024/key"));
        Assert.Equal($"Endpoint=http://127.0.0.1:{port};AccessKey=me;SecretKey=my-secret", overlay.ConnectionString);
    }

    [Fact]
    public async Task Log_messages_go_where_the_test_wants_and_not_to_the_console()
    {
        using var console = new StringWriter();
        var before = Console.Out;
        Console.SetOut(console);
        try
        {
            using var messages = new Messages();
            using var loggers = LoggerFactory.Create(logging => logging.AddProvider(messages));
            await using var overlay = await S3OverlayServer.StartAsync(o => o
                .ScriptedRemote(remote => remote.Bucket("bucket").Object("key", "text").Fails(403))
                .Logging(loggers));

            await Assert.ThrowsAsync<NoSuchKeyException>(() => overlay.Client.GetObjectAsync("bucket", "key"));

            Assert.Contains(messages.Texts, text => text.Contains("bucket", StringComparison.Ordinal));
        }
        finally
        {
            Console.SetOut(before);
        }

        Assert.DoesNotContain("S3Overlay", console.ToString(), StringComparison.Ordinal);
    }

    public static TheoryData<string, Action<S3OverlayOptions>, string[]> WrongOptions => new()
    {
        { "no URL", o => o.Remote("nonsense", "key", "secret"), ["Remote:", "S3_OVERLAY_REMOTE_ENDPOINT", "nonsense"] },
        { "two remotes", o => o.PublicRemote().Remote("http://127.0.0.1:1", "key", "secret"), ["Remote:", "PublicRemote", "Keep one"] },
        { "no remote", o => o.Cache(), ["Cache:", "has no effect without a remote"] },
        { "no place", o => o.PublicRemote(region: "us-east-1").Map("photos", ""), ["Map:", "S3_OVERLAY_BUCKET_MAPPING"] },
        { "half a key", o => o.Keys("key", ""), ["Keys:", "Set both"] },
        { "no port", o => o.Port(70_000), ["Port:", "70000"] },
        { "no such setting", o => o.Setting("S3_OVERLAY_CHUNK_SIZ", "1MiB"), ["Setting:", "Did you mean S3_OVERLAY_CHUNK_SIZE?"] },
        { "a wrong value", o => o.Setting("S3_OVERLAY_CHUNK_SIZE", "huge"), ["Setting:", "S3_OVERLAY_CHUNK_SIZE", "huge"] },
        { "no setting of the proxy", o => o.Setting("Logging:LogLevel:Default", "Debug"), ["Setting:", "Call Logging"] },
        { "a setting of the program", o => o.Setting("S3_OVERLAY_DATA_DIR", "data"), ["Setting:", "Call Folder"] },
        { "no folder", o => o.Folder("/proc/nowhere"), ["Folder:", "/proc/nowhere"] },
    };

    [Theory]
    [MemberData(nameof(WrongOptions))]
    public async Task A_wrong_option_is_named_with_the_remedy(string what, Action<S3OverlayOptions> configure, string[] said)
    {
        var wrong = await Assert.ThrowsAsync<S3OverlayException>(() => S3OverlayServer.StartAsync(configure));

        Assert.All(said, part => Assert.True(wrong.Message.Contains(part, StringComparison.Ordinal), $"{what}: {wrong.Message}"));
    }

    [Fact]
    public async Task A_port_or_cache_folder_in_use_is_named_with_the_remedy()
    {
        using var folder = new TemporaryFolder();
        await using var overlay = await S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("bucket")).Cache(folder: folder["cache"]));

        var port = await Assert.ThrowsAsync<S3OverlayException>(() => S3OverlayServer.StartAsync(o => o.Port(overlay.Endpoint.Port)));
        var cache = await Assert.ThrowsAsync<S3OverlayException>(() => S3OverlayServer.StartAsync(o => o
            .ScriptedRemote(remote => remote.Bucket("bucket")).Cache(folder: folder["cache"])));

        Assert.StartsWith("Port:", port.Message, StringComparison.Ordinal);
        Assert.StartsWith("Cache:", cache.Message, StringComparison.Ordinal);
    }

    internal static Task PutAsync(S3OverlayServer overlay, string bucket, string key, string text) =>
        overlay.Client.PutObjectAsync(new PutObjectRequest { BucketName = bucket, Key = key, ContentBody = text });

    internal static async Task<string> ReadAsync(S3OverlayServer overlay, string bucket, string key)
    {
        using var response = await overlay.Client.GetObjectAsync(bucket, key);
        return await new StreamReader(response.ResponseStream).ReadToEndAsync();
    }

    internal static async Task<IEnumerable<string>> ListAsync(S3OverlayServer overlay, string bucket) =>
        (await overlay.Client.ListObjectsV2Async(new() { BucketName = bucket })).S3Objects?.Select(item => item.Key) ?? [];

    private static async Task<string> ReadRemoteAsync(S3OverlayServer overlay, string path)
    {
        using var http = new HttpClient { BaseAddress = overlay.Remote.Endpoint };
        var response = await http.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private sealed class Messages : ILoggerProvider, ILogger
    {
        private readonly ConcurrentQueue<string> _texts = new();

        public IReadOnlyCollection<string> Texts => _texts;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            _texts.Enqueue(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
