using System.Globalization;
using System.Net;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Remotes;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Tests.Support;

namespace S3Overlay.Tests.Forwarding;

/// <summary>A body of the remote that arrives too slowly.</summary>
[Trait("Rule", "F")]
public sealed class SlowBodyTests
{
    private const int Rate = 100;
    private const int Size = 10_000;

    private readonly ManualTimeProvider _clock = new();
    private readonly List<string> _asked = [];
    private SlowContent _current = null!;

    [Theory]
    [InlineData(Rate)]
    [InlineData(0)]
    public async Task A_body_at_the_minimum_rate_is_read_to_its_end(int minimum)
    {
        await using var body = Open(minimum);
        for (var sent = 0; sent < Size; sent += Rate)
        {
            Assert.Equal(Rate, await ReadSlowlyAsync(body, Rate, TimeSpan.FromMilliseconds(900)));
        }

        Assert.Empty(_asked);
    }

    [Fact]
    public async Task A_slower_body_is_requested_again_from_the_byte_reached()
    {
        await using var body = Open(Rate);
        var got = 0;
        for (; _asked.Count == 0; got += 10)
        {
            Assert.True(got < 10 * 20, "the remote may be as slow as it likes");
            Assert.Equal(10, await ReadSlowlyAsync(body, 10, TimeSpan.FromSeconds(1)));
        }

        Assert.Equal([string.Create(CultureInfo.InvariantCulture, $"bytes={got - 10}-{Size - 1}")], _asked);
        Assert.Equal(150, got);
    }

    [Fact]
    public async Task A_body_that_stays_slow_is_given_up()
    {
        await using var body = Open(Rate);
        var failure = await Assert.ThrowsAsync<RemoteException>(async () =>
        {
            for (var reads = 0; reads < 200; reads++)
            {
                await ReadSlowlyAsync(body, 10, TimeSpan.FromSeconds(1));
            }
        });

        Assert.Equal((RemoteFailure.BodyBroken, 4), (failure.Failure, _asked.Count));
    }

    [Fact]
    public async Task Time_that_the_reader_takes_does_not_count()
    {
        await using var body = Open(Rate);
        for (var reads = 0; reads < 20; reads++)
        {
            _clock.Advance(TimeSpan.FromMinutes(1));
            Assert.Equal(10, await ReadSlowlyAsync(body, 10, TimeSpan.Zero));
        }

        Assert.Empty(_asked);
    }

    /// <summary>
    /// A read that waits for some time before the remote sends some bytes. The first read of another response starts at once.
    /// </summary>
    private async Task<int> ReadSlowlyAsync(HealingBody body, int bytes, TimeSpan wait)
    {
        var reading = body.ReadAsync(new byte[bytes]).AsTask();
        if (reading.IsCompleted)
        {
            return await reading;
        }

        _clock.Advance(wait);
        return _current.TrySend(bytes) ? await reading : await _clock.RunAsync(reading);
    }

    private HealingBody Open(int minimum)
    {
        var settings = new EndpointSettings { StallTimeout = TimeSpan.FromSeconds(15), MinRate = minimum };
        return new HealingBody(Answer(0, beginsAtOnce: false), "\"etag\"", new ByteRange(0, Size - 1), Size, settings, _clock,
            (range, _, _) =>
        {
            _asked.Add(range);
            return Task.FromResult(
                Answer(long.Parse(range["bytes=".Length..].Split('-')[0], CultureInfo.InvariantCulture), beginsAtOnce: true));
        });
    }

    private WireResponse Answer(long first, bool beginsAtOnce)
    {
        _current = new SlowContent(beginsAtOnce);
        var message = new HttpResponseMessage(HttpStatusCode.PartialContent) { Content = _current };
        message.Headers.TryAddWithoutValidation("ETag", "\"etag\"");
        message.Content.Headers.TryAddWithoutValidation("Content-Range",
            string.Create(CultureInfo.InvariantCulture, $"bytes {first}-{Size - 1}/{Size}"));
        return new WireResponse(message);
    }

    /// <summary>A body that sends on command and breaks when its response is disposed.</summary>
    private sealed class SlowContent(bool beginsAtOnce) : HttpContent
    {
        private readonly SlowStream _stream = new(beginsAtOnce);

        public bool TrySend(int bytes) => _stream.TrySend(bytes);

        protected override Task<Stream> CreateContentReadStreamAsync() => Task.FromResult<Stream>(_stream);

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }

        protected override void Dispose(bool disposing)
        {
            _stream.Break();
            base.Dispose(disposing);
        }
    }

    private sealed class SlowStream(bool beginsAtOnce) : ForwardStream
    {
        private bool _isAtOnce = beginsAtOnce;
        private TaskCompletionSource<int>? _pending;

        public bool TrySend(int bytes) => _pending?.TrySetResult(bytes) is true;

        public void Break() => _pending?.TrySetException(new IOException("The answer is gone."));

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_isAtOnce)
            {
                _isAtOnce = false;
                return new(buffer.Length);
            }

            _pending = new(TaskCreationOptions.RunContinuationsAsynchronously);
            return new(_pending.Task);
        }
    }
}
