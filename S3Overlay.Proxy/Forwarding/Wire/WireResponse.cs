using System.Globalization;

using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Forwarding.Wire;

/// <summary>An endpoint's response: status and headers as they arrived, body not yet read.</summary>
internal sealed class WireResponse(HttpResponseMessage message) : IDisposable
{
    private WireError? _error;

    public HttpResponseMessage Message => message;

    public int Status => (int)message.StatusCode;

    /// <summary>All headers of the response and its content. The order of names is undefined.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers
    {
        get
        {
            foreach (var header in message.Headers.NonValidated)
            {
                foreach (var value in header.Value)
                {
                    yield return new(header.Key, value);
                }
            }

            foreach (var header in message.Content.Headers.NonValidated)
            {
                foreach (var value in header.Value)
                {
                    yield return new(header.Key, value);
                }
            }
        }
    }

    public long? ContentLength => long.TryParse(Header("Content-Length"), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
        ? length : null;

    public string? Header(string name) =>
        message.Headers.NonValidated.TryGetValues(name, out var values)
            || message.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : null;

    /// <summary>The range of Content-Range and the size of the whole object; null without a size.</summary>
    public (ByteRange Range, long Total)? ContentRange => ContentRanges.Parse(Header("Content-Range"));

    public Task<Stream> BodyAsync(CancellationToken cancellationToken) => message.Content.ReadAsStreamAsync(cancellationToken);

    /// <summary>The error document. Read once.</summary>
    public async ValueTask<WireError> ErrorAsync(CancellationToken cancellationToken) =>
        _error ??= await WireError.ReadAsync(this, cancellationToken);

    public void Dispose() => message.Dispose();
}
