using System.Globalization;

using S3Overlay.Proxy.Protocol.Bodies;

namespace S3Overlay.Proxy.Protocol.Forms;

/// <summary>
/// The file of a form as an object's body. How long it is is known only at its end, since fields may follow it; they are read over, and the
/// end is told only after the end of the whole form.
/// </summary>
/// <param name="reader">The form, at the file's first byte.</param>
/// <param name="formLength">The length of the whole form, null where it is not known.</param>
/// <param name="smallest">The fewest bytes the file may have.</param>
/// <param name="largest">The most bytes the file may have.</param>
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
            // What is left cannot hold a boundary; and a body may not become longer than it said.
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
