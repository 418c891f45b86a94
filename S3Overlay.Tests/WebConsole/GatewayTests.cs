using System.Text;

using S3Overlay.Tests.Support;
using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.Tests.WebConsole;

/// <summary>Requests of the console: the rights of the key and no others, and bytes that flow.</summary>
public sealed class GatewayTests : ConsoleTestBase
{
    private static readonly ProxyCaller Admin = new("minioadmin", null, IsSecure: false);
    private static readonly ProxyCaller Reader = new("reader", null, IsSecure: false);

    [Theory]
    [InlineData("GET", "/-/v1/stats", 403)]
    [InlineData("POST", "/-/v1/evict?all=true", 403)]
    [InlineData("PUT", "/photos/mine", 403)]
    [InlineData("GET", "/secrets/key", 403)]
    [InlineData("GET", "/photos?list-type=2", 200)]
    [InlineData("GET", "/photos/there", 200)]
    public async Task A_key_can_do_what_it_can_do_at_the_S3_port(string method, string target, int expected)
    {
        await Proxy.SendAsync("PUT", "/photos");
        await Proxy.SendAsync("PUT", "/photos/there", "there");
        var outside = new SignedHttp(Proxy.Endpoint, "reader", "reader-secret");
        var (path, query) = target.Split('?') is [var before, var after] ? (before, after) : (target, "");

        await using var inside = await Proxy.ForConsole.SendAsync(Reader, new(method, path, query), CancellationToken.None);

        Assert.Equal(expected, inside.Status);
        Assert.Equal(expected, (await outside.SendAsync(method, target)).Status);
    }

    [Fact]
    public async Task A_key_that_is_gone_can_do_nothing() => await Assert.ThrowsAsync<UnknownKeyException>(
        () => Proxy.ForConsole.SendAsync(new("gone", null, false), new("GET", "/"), CancellationToken.None));

    [Fact]
    public async Task Bodies_stream_in_both_directions()
    {
        const int Size = 8 << 20;
        await Proxy.SendAsync("PUT", "/photos");
        await using (var written = await Proxy.ForConsole.SendAsync(
            Admin, new("PUT", "/photos/large") { Body = new PatternStream(Size), Length = Size }, CancellationToken.None))
        {
            Assert.Equal(200, written.Status);
        }

        await using var read = await Proxy.ForConsole.SendAsync(Admin, new("GET", "/photos/large"), CancellationToken.None);
        Assert.Equal(Size, read.Headers.ContentLength);
        Assert.Equal(Size, await PatternStream.VerifyAsync(read.Body));
    }

    [Fact]
    public async Task Leaving_ends_the_request()
    {
        await using var tail = await Proxy.ForConsole.SendAsync(Admin, new("GET", "/-/v1/tail"), CancellationToken.None);
        Assert.True(Proxy.Services.Tail.IsWatched);

        await tail.DisposeAsync();

        await Patience.UntilAsync(() => !Proxy.Services.Tail.IsWatched, "The request goes on.");
    }

    [Fact]
    public async Task Cancelling_ends_the_request()
    {
        await Proxy.SendAsync("PUT", "/photos");
        using var cancel = new CancellationTokenSource();
        var body = new NeverEnding();
        var writing = Proxy.ForConsole.SendAsync(Admin, new("PUT", "/photos/never") { Body = body, Length = 10 }, cancel.Token);
        await body.Reached.WaitAsync(Patience.Limit);
        Assert.Equal(1, Proxy.InProgress);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Patience.Limit));
        await Patience.UntilAsync(() => Proxy.InProgress == 0, "The request goes on.");
        Assert.Equal(404, (await Proxy.SendAsync("GET", "/photos/never")).Status);
    }

    [Theory]
    [InlineData("a b/c+d%2e")]
    [InlineData("../up")]
    [InlineData("x//y/./z")]
    [InlineData("\u05e9\u05dc\u05d5\u05dd \ud83d\ude00\n")]
    public async Task Any_key_has_a_path(string key)
    {
        await Proxy.SendAsync("PUT", "/photos");
        var path = ProxyQuery.PathOf("photos", key);
        await using (var written = await Proxy.ForConsole.SendAsync(
            Admin, new("PUT", path) { Body = new MemoryStream("text"u8.ToArray()), Length = 4 }, CancellationToken.None))
        {
            Assert.Equal(200, written.Status);
        }

        await using var read = await Proxy.ForConsole.SendAsync(Admin, new("GET", path), CancellationToken.None);
        Assert.Equal("text", Encoding.UTF8.GetString(await ReadAsync(read.Body)));
        await using var listing = await Proxy.ForConsole.SendAsync(
            Admin, new("GET", "/photos", new ProxyQuery().With("list-type", "2").With("encoding-type", "url").ToString()),
            CancellationToken.None);
        Assert.Contains("<Key>", Encoding.UTF8.GetString(await ReadAsync(listing.Body)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_presigned_URL_reads_the_object()
    {
        await Proxy.SendAsync("PUT", "/photos");
        await Proxy.SendAsync("PUT", "/photos/there", "there");

        var url = Proxy.ForConsole.Presign(Reader, Proxy.Endpoint, "/photos/there", "", TimeSpan.FromMinutes(1));

        var response = await Proxy.Http.SendUnsignedAsync("GET", new Uri(url).PathAndQuery);
        Assert.Equal((200, "there"), (response.Status, response.Text));
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory);
        return memory.ToArray();
    }

    /// <summary>A body that nothing comes of.</summary>
    private sealed class NeverEnding : MemoryStream
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completed once it is read.</summary>
        public Task Reached => _reached.Task;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return 0;
        }
    }
}
