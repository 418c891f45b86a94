using System.Diagnostics;
using System.IO.Pipelines;

using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting;
using S3Overlay.Proxy.Telemetry;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Telemetry;

/// <summary>
/// A connection says in two places that its client has gone: in what becomes of sent bytes, and, an instant later, by a token. Whichever is
/// seen first, the request ended the same way. What lies between the two is made here by a connection that says one and not the other.
/// </summary>
[Trait("Rule", "F")]
public sealed class LeavingClientTests : IAsyncLifetime
{
    private const int Size = 2_000_000;

    private readonly TemporaryFolder _folder = new();
    private readonly EventLogger _log = new();
    private readonly ProxyMeters _meters = new();
    private ScriptedRemote _remote = null!;
    private ProxyServices _services = null!;

    public async Task InitializeAsync()
    {
        _remote = await ScriptedRemote.StartAsync();
        _remote.Put("photos", "remote", new byte[Size]);
        var builder = ProxyBuilder.FromSettings(new Dictionary<string, string?>
        {
            ["S3_OVERLAY_DATA_DIR"] = _folder["data"],
            ["S3_OVERLAY_REMOTE_ENDPOINT"] = _remote.Endpoint.ToString().TrimEnd('/'),
            ["S3_OVERLAY_REMOTE_ACCESS_KEY_ID"] = "remote",
            ["S3_OVERLAY_REMOTE_SECRET_ACCESS_KEY"] = "remote",
            ["S3_OVERLAY_CACHE_ENABLED"] = "true",
            ["S3_OVERLAY_AUTH"] = "none",
            ["urls"] = "http://127.0.0.1:0",
        });
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(builder.Configuration, problems);
        Assert.Empty(problems.Errors);
        _services = await ProxyServices.OpenAsync(options, _meters, new OneLog(_log));
        Assert.Equal("ok", await AskAsync("PUT", "/photos/written", _ => true, body: new byte[Size]));
    }

    public async Task DisposeAsync()
    {
        await _services.DisposeAsync();
        _meters.Dispose();
        await _remote.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("written")]
    [InlineData("cold")]
    [InlineData("warm")]
    [InlineData("streamed")]
    public async Task A_client_that_stops_reading_is_recorded_as_left(string read)
    {
        if (read == "warm")
        {
            Assert.Equal("ok", await AskAsync("GET", "/photos/remote", _ => true));
            await Patience.UntilAsync(() => _services.Overlay!.Reader.Fills is { Objects.InUse: 0 }, "A fill does not end.");
        }

        Assert.DoesNotContain("ClientLeft", _log.Names);
        var key = read == "written" ? "written" : "remote";
        var outcome = await AskAsync("GET", $"/photos/{key}", sent => sent == 0, cacheControl: read == "streamed" ? "no-store" : null);

        Assert.Equal("left", outcome);
        Assert.Single(_log.Names, "ClientLeft");
    }

    [Theory]
    [InlineData("written")]
    [InlineData("remote")]
    public async Task A_client_that_disconnects_after_the_last_byte_has_it_all(string key)
    {
        using var gone = new CancellationTokenSource();

        var outcome = await AskAsync(
            "GET",
            $"/photos/{key}",
            sent =>
            {
                if (sent == Size)
                {
                    gone.Cancel();
                }

                return sent < Size;
            },
            gone: gone.Token);

        Assert.Equal("ok", outcome);
        Assert.DoesNotContain("ClientLeft", _log.Names);
    }

    [Fact]
    public async Task A_client_that_disconnects_before_the_response_is_recorded_as_left()
    {
        using var gone = new CancellationTokenSource();
        _remote.Script = async (_, context) =>
        {
            await gone.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return ScriptedOutcome.Answered;
        };

        Assert.Equal("left", await AskAsync("GET", "/photos/remote", _ => true, cacheControl: "no-store", gone: gone.Token));
        Assert.Single(_log.Names, "ClientLeft");
    }

    /// <summary>Sends a request and returns how it ended.</summary>
    /// <param name="isThere">Whether the client still appears connected after this many bytes.</param>
    /// <param name="cacheControl">The client's Cache-Control, or null.</param>
    /// <param name="gone">Completed when the client has gone.</param>
    private async Task<string?> AskAsync(
        string method, string target, Predicate<long> isThere, byte[]? body = null, string? cacheControl = null,
        CancellationToken gone = default)
    {
        using var spans = new SpanCollector();
        var context = new DefaultHttpContext { RequestAborted = gone };
        context.Request.Method = method;
        context.Request.Host = new HostString("127.0.0.1");
        context.Request.Headers["traceparent"] = spans.Header.Value;
        context.Request.Headers.CacheControl = cacheControl;
        context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        context.Features.Set<IHttpResponseBodyFeature>(new Connection(isThere));
        if (body is not null)
        {
            context.Request.Body = new MemoryStream(body);
            context.Request.ContentLength = body.Length;
        }

        await _services.FrontDoor.HandleAsync(context);
        return (string?)spans.Ended.Single(static span => span.Kind == ActivityKind.Server).GetTagItem(SpanAttributes.Outcome);
    }

    /// <summary>A connection that accepts everything and returns scripted results of flushes.</summary>
    private sealed class Connection(Predicate<long> isThere) : PipeWriter, IHttpResponseBodyFeature
    {
        private long _sent;

        public PipeWriter Writer => this;

        public Stream Stream => AsStream();

        public override Memory<byte> GetMemory(int sizeHint = 0) => new byte[Math.Max(sizeHint, 4096)];

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes) => _sent += bytes;

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            new(new FlushResult(isCanceled: false, isCompleted: !isThere(_sent)));

        public override void CancelPendingFlush()
        {
        }

        public override void Complete(Exception? exception = null)
        {
        }

        public void DisableBuffering()
        {
        }

        public Task StartAsync(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException();

        public Task CompleteAsync() => Task.CompletedTask;
    }

    /// <summary>One log for everybody.</summary>
    private sealed class OneLog(ILogger log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }
    }
}
