using System.Globalization;

using S3Overlay.Proxy.Forwarding.Endpoints;
using S3Overlay.Proxy.Forwarding.Wire;
using S3Overlay.Proxy.Overlay.Remotes;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Forwarding.Remotes;

/// <summary>
/// The bytes of a range of one version. If the remote ends early, stalls, is too slow or sends too little, the rest is requested again from
/// the current position with If-Match, so that bytes of two versions never mix (rule R7, table F). This needs a strong ETag.
/// </summary>
internal sealed class HealingBody : ForwardStream
{
    /// <summary>How often in a row a request may bring nothing, or too little too slowly.</summary>
    private const int MaxBarrenAttempts = 4;

    private readonly Func<string, string, CancellationToken, Task<WireResponse>> _askAgain;
    private readonly string _etag;
    private readonly ByteRange _range;
    private readonly long _total;
    private readonly MinimumRate _pace;
    private readonly TimeProvider _time;
    private readonly UpstreamMeters? _meters;
    private WireResponse? _answer;
    private Stream? _body;
    private long _position;
    private int _barren;
    private bool _isSlow;

    /// <param name="answer">The response with the bytes. Owned by this stream.</param>
    /// <param name="etag">The version's ETag; empty if it has none.</param>
    /// <param name="total">The size of the whole object.</param>
    /// <param name="settings">The limits on speed, and the metrics.</param>
    /// <param name="askAgain">Requests a range with If-Match.</param>
    public HealingBody(
        WireResponse answer, string etag, ByteRange range, long total, EndpointSettings settings, TimeProvider time, Func<string, string,
        CancellationToken, Task<WireResponse>> askAgain)
    {
        _answer = answer;
        _etag = etag;
        _range = range;
        _total = total;
        _pace = new MinimumRate(settings, time);
        _meters = settings.Meters;
        _time = time;
        _askAgain = askAgain;
        _position = range.First;
    }

    public override long Length => _range.Length;

    public override long Position
    {
        get => _position - _range.First;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var left = _range.Last + 1 - _position;
        if (left == 0 || buffer.IsEmpty)
        {
            return 0;
        }

        while (true)
        {
            Exception? broken = null;
            try
            {
                _body ??= await _answer!.BodyAsync(cancellationToken);
                var read = await ReadOnceAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken);
                if (read > 0)
                {
                    _position += read;
                    _meters?.BytesReceived(read);
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

            await AskAgainAsync(broken, cancellationToken);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _answer?.Dispose();
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
        var since = _time.GetTimestamp();
        using var stalled = new CancellationTokenSource(_pace.Left, _time);
        var pending = reading.AsTask();
        using (stalled.Token.UnsafeRegister(static state => ((WireResponse)state!).Dispose(), _answer))
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

    private async Task AskAgainAsync(Exception? broken, CancellationToken cancellationToken)
    {
        _answer?.Dispose();
        (_answer, _body) = (null, null);
        if (_etag.Length == 0 || ETags.IsWeak(_etag) || ++_barren > MaxBarrenAttempts)
        {
            throw new RemoteException(
                RemoteFailure.BodyBroken, "The remote broke off in the middle of a body, and could not be made to go on.", broken);
        }

        if (_barren > 1)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100 << _barren), _time, cancellationToken);
        }

        var answer = await _askAgain(string.Create(CultureInfo.InvariantCulture, $"bytes={_position}-{_range.Last}"), _etag,
            cancellationToken);
        var isTheRest = answer.Status == 206
            && answer.ContentRange is { } got && got.Range == new ByteRange(_position, _range.Last) && got.Total == _total
            && answer.Header("ETag") is { } etag && ETags.Same(etag, _etag);
        if (!isTheRest)
        {
            using (answer)
            {
                throw answer.Status is 206 or 200 or 412
                    ? new RemoteException(RemoteFailure.Changed, "The object changed at the remote in the middle of a body.")
                        { Status = answer.Status }
                    : await RemoteErrors.ReadAsync(answer, isHead: false, cancellationToken);
            }
        }

        _answer = answer;
        _pace.Restart();
    }
}
