using Microsoft.Extensions.Primitives;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Overlay.Reading;

/// <summary>An answer's status and headers before a version was prepared, to go back to where that version turns out to be gone.</summary>
internal readonly struct ResponseSnapshot
{
    private readonly int _status;
    private readonly KeyValuePair<string, StringValues>[] _headers;

    /// <summary>The answer as it is now.</summary>
    public ResponseSnapshot(S3Response answer)
        : this(answer.Status, [.. answer.Headers])
    {
    }

    private ResponseSnapshot(int status, KeyValuePair<string, StringValues>[] headers) => (_status, _headers) = (status, headers);

    /// <summary>
    /// The answer without what was prepared for a version: for the one path on which nobody took a snapshot in time, since it is the path
    /// of every warm read and is left only where a block turns out to be damaged.
    /// </summary>
    public static ResponseSnapshot Without(ObjectInfo prepared, S3Response answer) => new(
        200,
        [.. answer.Headers.Where(header => prepared.Header(header.Key) is null && !IsOfAnObject(header.Key))]);

    /// <summary>Puts them back.</summary>
    public void Restore(S3Response answer)
    {
        answer.Headers.Clear();
        answer.Status = _status;
        foreach (var header in _headers)
        {
            answer.Headers.SetAsIs(header.Key, header.Value);
        }
    }

    private static bool IsOfAnObject(string name) =>
        name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("x-amz-checksum-", StringComparison.OrdinalIgnoreCase)
        || name.ToUpperInvariant() is "ETAG" or "LAST-MODIFIED" or "ACCEPT-RANGES" or "CACHE-CONTROL" or "EXPIRES" or "AGE";
}
