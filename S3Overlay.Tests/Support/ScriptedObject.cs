using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>An object of a scripted remote.</summary>
/// <param name="Bytes">Its bytes.</param>
/// <param name="ETag">Its ETag, with quotes; empty for none.</param>
/// <param name="LastModified">Its date.</param>
/// <param name="Headers">Further headers.</param>
public sealed record ScriptedObject(byte[] Bytes, string ETag, DateTimeOffset LastModified,
    IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>The length of each part except the last. 0 if the remote ignores part numbers.</summary>
    public int PartSize { get; init; }

    /// <summary>
    /// Whether it was put in one piece at a remote that takes notice of part numbers: the first part is all of it, and there is no other.
    /// </summary>
    public bool IsItsFirstPart { get; init; }

    /// <summary>Whether a part is sent with 200, and nothing said of which bytes of the whole it has, as Scality does.</summary>
    public bool SendsPartsAsWholes { get; init; }

    /// <summary>The bytes of a part; null where there is none of that number.</summary>
    public ByteRange? Part(int number) => (long)(number - 1) * PartSize is var first && first < Bytes.Length
        ? new(first, Math.Min(first + PartSize, Bytes.Length) - 1) : null;
}
