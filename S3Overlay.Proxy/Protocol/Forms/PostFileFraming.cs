using System.Globalization;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>
/// The file of a form as an object's body. Its length shows only at its end, since fields may follow. They are skipped, and the end is
/// reported after the end of the whole form.
/// </summary>
/// <param name="reader">The form, at the file's first byte.</param>
/// <param name="formLength">The length of the form; null if unknown.</param>
/// <param name="smallest">The smallest file allowed.</param>
/// <param name="largest">The largest file allowed.</param>
internal sealed class PostFileFraming(MultipartReader reader, long? formLength, long smallest, long largest) : BodyFraming
{
    private readonly long? _room = formLength - reader.Consumed - reader.ShortestEnd;
    private long _read;
    private bool _isDone;

    /// <inheritdoc/>
    public override long? Length => null;

    /// <inheritdoc/>
    public override long? LongestLength => _room is { } room ? Math.Clamp(room, 0, largest) : largest;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_isDone)
        {
            return 0;
        }

        var count = await reader.ReadAsync(buffer, cancellationToken);
        _read += count;
        if (_read > largest)
        {
            throw new S3Exception(S3Errors.EntityTooLarge)
                { Details = [Size("ProposedSize", formLength ?? _read), Size("MaxSizeAllowed", largest)] };
        }

        if (_read > _room)
        {
            // The rest has no room for a boundary, and a body must not exceed its announced length.
            throw new S3Exception(S3Errors.MalformedPostRequest);
        }

        if (count > 0)
        {
            return count;
        }

        if (_read < smallest)
        {
            throw new S3Exception(S3Errors.EntityTooSmall) { Details = [Size("ProposedSize", _read), Size("MinSizeAllowed", smallest)] };
        }

        await reader.DrainAsync(cancellationToken);
        _isDone = true;
        return 0;
    }

    /// <inheritdoc/>
    public override void Release() => reader.Dispose();

    private static KeyValuePair<string, string> Size(string name, long bytes) => new(name, bytes.ToString(CultureInfo.InvariantCulture));
}
