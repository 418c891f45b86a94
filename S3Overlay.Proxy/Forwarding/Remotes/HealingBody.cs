using System.Globalization;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>
/// The bytes of a range of one version. If the remote ends early, stalls, is too slow or sends too little, the rest is requested again from
/// the current position with If-Match, so that bytes of two versions never mix (rule R7, table F). This needs a strong ETag.
/// </summary>
/// <param name="response">The response with the bytes. Owned by this stream.</param>
/// <param name="etag">The version's ETag; empty if it has none.</param>
/// <param name="total">The size of the whole object.</param>
/// <param name="settings">The limits on speed, and the metrics.</param>
/// <param name="resume">Requests a range with If-Match.</param>
internal sealed class HealingBody(
    WireResponse response, string etag, ByteRange range, long total, EndpointSettings settings, TimeProvider time,
    Func<string, string, CancellationToken, Task<WireResponse>> resume) : ForwardStream
{
    /// <summary>How often in a row a request may bring nothing, or too little too slowly.</summary>
    private const int MaxBarrenAttempts = 4;

    private readonly MinimumRate _pace = new(settings, time);
    private WireResponse? _response = response;
    private bool _isCached = response.IsCached;
    private Stream? _body;
    private long _position = range.First;
    private int _barren;
    private bool _isSlow;

    public override long Length => range.Length;

    public override long Position
    {
        get => _position - range.First;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var left = range.Last + 1 - _position;
        if (left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            Exception? broken = null;
            try
            {
                _body ??= await _response!.BodyAsync(cancellationToken);
                var read = await ReadOnceAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
                if (read > 0)
                {
                    _position += read;
                    settings.Meters?.BytesReceived(read, _isCached);
                    if (_pace.Received(read))
                    {
                        _isSlow = false;
                    }

                    // A slow remote sends a few bytes each time: that alone is no progress.
                    _barren = _isSlow ? _barren : 0;
                    return read;
                }
            }
            catch (Exception e)
                when (!cancellationToken.IsCancellationRequested && e is IOException or HttpRequestException or OperationCanceledException)
            {
                broken = e;
            }

            await ResumeAsync(broken, cancellationToken);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _response?.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadOnceAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var reading = _body!.ReadAsync(buffer, cancellationToken);
        if (reading.IsCompleted)
        {
            return await reading;
        }

        // Only reads that wait are timed: most find their bytes ready.
        var since = time.GetTimestamp();
        using var stalled = new CancellationTokenSource(_pace.Left, time);
        var pending = reading.AsTask();
        using (stalled.Token.UnsafeRegister(static state => ((WireResponse)state!).Dispose(), _response))
        {
            try
            {
                return await pending;
            }
            catch (Exception e) when (stalled.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
            {
                _isSlow = true;
                throw new IOException("The remote's body stood still, or came more slowly than S3_OVERLAY_REMOTE_MIN_RATE allows.", e);
            }
            finally
            {
                _pace.Waited(since);
            }
        }
    }

    private async Task ResumeAsync(Exception? broken, CancellationToken cancellationToken)
    {
        _response?.Dispose();
        (_response, _body) = (null, null);
        if (etag.Length == 0 || ETags.IsWeak(etag) || ++_barren > MaxBarrenAttempts)
        {
            throw new RemoteException(
                RemoteFailure.BodyBroken, "The remote broke off in the middle of a body, and could not be made to go on.", broken);
        }

        if (_barren > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100 << _barren), time, cancellationToken);
        }

        var rest = await resume(string.Create(CultureInfo.InvariantCulture, $"bytes={_position}-{range.Last}"), etag, cancellationToken);
        var isTheRest = rest.Status == 206
            && rest.ContentRange is { } got && got.Range == new ByteRange(_position, range.Last) && got.Total == total
            && rest.Header("ETag") is { } theirs && ETags.Same(theirs, etag);
        if (!isTheRest)
        {
            using (rest)
            {
                throw rest.Status is 206 or 200 or 412
                    ? new RemoteException(RemoteFailure.Changed, "The object changed at the remote in the middle of a body.")
                        { Status = rest.Status }
                    : await rest.FailureAsync(cancellationToken);
            }
        }

        (_response, _isCached) = (rest, rest.IsCached);
        _pace.Restart();
    }

    /// <summary>
    /// Checks that a body arrives fast enough. Waiting time is added up; once it reaches the stall timeout, the body must have delivered
    /// the minimum rate times that timeout, and the next window begins. With a rate of zero, one byte is enough. Time that the reader
    /// itself takes does not count.
    /// </summary>
    private sealed class MinimumRate(EndpointSettings settings, TimeProvider time)
    {
        private readonly long _stretch =
            Math.Max(1, (long)Math.Min(settings.MinRate * settings.StallTimeout.TotalSeconds, long.MaxValue / 2));
        private TimeSpan _waited;
        private long _received;

        /// <summary>The waiting time left.</summary>
        public TimeSpan Left => settings.StallTimeout > _waited ? settings.StallTimeout - _waited : TimeSpan.Zero;

        /// <summary>Adds a wait that began at this timestamp.</summary>
        public void Waited(long since) => _waited += time.GetElapsedTime(since);

        /// <returns>True if a window is complete.</returns>
        public bool Received(int bytes)
        {
            _received += bytes;
            if (_received < _stretch)
            {
                return false;
            }

            Restart();
            return true;
        }

        /// <summary>Starts over with another response.</summary>
        public void Restart() => (_waited, _received) = (TimeSpan.Zero, 0);
    }
}
