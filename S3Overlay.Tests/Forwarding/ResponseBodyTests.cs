using System.IO.Pipelines;
using System.Text;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.PassThrough;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Tests.Support;

using StorePatience = S3Overlay.Proxy.Forwarding.PassThrough.SilenceTimeout;
using TestPatience = S3Overlay.Tests.Support.Patience;

namespace S3Overlay.Tests.Forwarding;

/// <summary>
/// A store's response on its way to the client: in as few pieces as possible, with no byte held back to wait for the next.
/// </summary>
public sealed class ResponseBodyTests
{
    private static readonly ForwardingSettings Settings = new() { Endpoint = new EndpointSettings() };

    private readonly Pipe _store = new();
    private readonly PipedResponse _client = new();
    private readonly ManualTimeProvider _clock = new(DateTimeOffset.UtcNow);

    [Fact]
    public async Task What_is_all_there_goes_out_at_once()
    {
        _client.Headers.ContentLength = 9;
        await _store.Writer.WriteAsync("four"u8.ToArray());
        using var patience = new StorePatience(_clock, default);
        var source = new HalvedStream(_store.Reader.AsStream(), 2);
        await _store.Writer.WriteAsync("fives"u8.ToArray());
        await ResponseBody.SendAsync(source, _client, Settings, patience);
        Assert.Equal((9, 1), (_client.Sent, _client.Flushes));
        Assert.Equal("fourfives", await _client.ReceiveAsync(9));
    }

    [Fact]
    public async Task What_came_before_a_pause_does_not_wait_for_its_end()
    {
        await _store.Writer.WriteAsync("four"u8.ToArray());
        using var patience = new StorePatience(_clock, default);
        var sending = ResponseBody.SendAsync(_store.Reader.AsStream(), _client, Settings, patience);
        Assert.Equal("four", await _client.ReceiveAsync(4));
        Assert.False(sending.IsCompleted);
        await _store.Writer.WriteAsync("fives"u8.ToArray());
        await _store.Writer.CompleteAsync();
        await sending;
        Assert.Equal("fives", await _client.ReceiveAsync(5));
    }

    [Fact]
    public async Task A_small_body_goes_out_in_one_piece()
    {
        _client.Headers.ContentLength = 9;
        await _store.Writer.WriteAsync("four"u8.ToArray());
        using var patience = new StorePatience(_clock, default);
        var sending = ResponseBody.SendAsync(_store.Reader.AsStream(), _client, Settings, patience);
        Assert.Equal((0, 0), (_client.Sent, _client.Flushes));
        await _store.Writer.WriteAsync("fives"u8.ToArray());
        await sending;
        Assert.Equal((9, 1), (_client.Sent, _client.Flushes));
        Assert.Equal("fourfives", await _client.ReceiveAsync(9));
    }

    [Fact]
    public async Task A_small_body_that_stops_has_not_begun()
    {
        _client.Headers.ContentLength = 9;
        await _store.Writer.WriteAsync("four"u8.ToArray());
        using var patience = new StorePatience(_clock, default);
        var sending = ResponseBody.SendAsync(_store.Reader.AsStream(), _client, Settings, patience);
        await TestPatience.UntilAsync(
            () =>
            {
                _clock.Advance(Settings.StallTimeout);
                return sending.IsCompleted;
            },
            "The pause was without end.");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        Assert.Equal((0, false), (_client.Sent, _client.HasStarted));
    }

    [Fact]
    public async Task A_pause_that_is_too_long_ends_it()
    {
        _client.Headers.ContentLength = 1 << 20;
        await _store.Writer.WriteAsync("four"u8.ToArray());
        using var patience = new StorePatience(_clock, default);
        var sending = ResponseBody.SendAsync(_store.Reader.AsStream(), _client, Settings, patience);
        await _client.ReceiveAsync(4);
        await TestPatience.UntilAsync(
            () =>
            {
                _clock.Advance(Settings.StallTimeout);
                return sending.IsCompleted;
            },
            "The pause was without end.");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task A_client_that_takes_its_time_is_no_pause_of_the_stores()
    {
        var bytes = new byte[3 << 20];
        _client.Headers.ContentLength = bytes.Length;
        using var patience = new StorePatience(_clock, default);
        patience.Limit(Settings.StallTimeout);
        var sending = ResponseBody.SendAsync(new MemoryStream(bytes), _client, Settings, patience);
        Assert.False(sending.IsCompleted);
        _clock.Advance(Settings.StallTimeout * 2);
        var receiving = ReceiveAllAsync();
        await sending.WaitAsync(TestPatience.Limit);
        await receiving;

        async Task ReceiveAllAsync()
        {
            while (_client.Received < bytes.Length)
            {
                await _client.ReceiveAsync(1);
            }
        }
    }

    [Fact]
    public async Task Nothing_is_read_any_more_for_a_client_that_has_gone()
    {
        _client.Headers.ContentLength = 1 << 20;
        await _store.Writer.WriteAsync("four"u8.ToArray());
        await _client.LeaveAsync();
        using var patience = new StorePatience(_clock, default);
        await ResponseBody.SendAsync(_store.Reader.AsStream(), _client, Settings, patience);

        // A read under way would refuse this one.
        await _store.Writer.WriteAsync("fives"u8.ToArray());
        Assert.Equal("fives", Encoding.ASCII.GetString((await _store.Reader.ReadAsync()).Buffer.FirstSpan));
    }

    [Theory]
    [InlineData(9)]
    [InlineData(1 << 20)]
    public async Task A_body_that_breaks_off_is_an_error(int length)
    {
        _client.Headers.ContentLength = length;
        await _store.Writer.WriteAsync("four"u8.ToArray());
        await _store.Writer.CompleteAsync();
        using var patience = new StorePatience(_clock, default);
        await Assert.ThrowsAsync<IOException>(() => ResponseBody.SendAsync(_store.Reader.AsStream(), _client, Settings, patience));
    }

    /// <summary>A stream that returns a limited number of bytes per read.</summary>
    private sealed class HalvedStream(Stream inner, int most) : ForwardStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer[..Math.Min(most, buffer.Length)], cancellationToken);
    }

    /// <summary>A response whose client reads from a pipe.</summary>
    private sealed class PipedResponse : S3Response
    {
        private readonly Pipe _pipe = new();
        private readonly CountingWriter _writer;

        public PipedResponse() => _writer = new(_pipe.Writer);

        public long Received { get; private set; }

        public int Flushes => _writer.Flushes;

        public override int Status { get; set; } = 200;

        public override IHeaderDictionary Headers { get; } = new HeaderDictionary();

        public override bool HasStarted => Sent > 0;

        public override PipeWriter Body => _writer;

        public ValueTask LeaveAsync() => _pipe.Reader.CompleteAsync();

        public async Task<string> ReceiveAsync(int bytes)
        {
            var read = await _pipe.Reader.ReadAtLeastAsync(bytes).AsTask().WaitAsync(TestPatience.Limit);
            var text = Encoding.ASCII.GetString(read.Buffer.FirstSpan);
            Received += read.Buffer.Length;
            _pipe.Reader.AdvanceTo(read.Buffer.End);
            return text;
        }
    }

    private sealed class CountingWriter(PipeWriter inner) : PipeWriter
    {
        public int Flushes { get; private set; }

        public override void Advance(int bytes) => inner.Advance(bytes);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
        {
            Flushes++;
            return inner.FlushAsync(cancellationToken);
        }

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.GetSpan(sizeHint);
    }
}
