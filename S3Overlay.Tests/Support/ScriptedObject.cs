using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Tests.Support;

/// <summary>An object of a scripted remote.</summary>
/// <param name="ETag">Its ETag in quotes. Empty for none.</param>
public sealed record ScriptedObject(byte[] Bytes, string ETag, DateTimeOffset LastModified,
    IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>The length of each part except the last. 0 if the remote ignores part numbers.</summary>
    public int PartSize { get; init; }

    /// <summary>
    /// Whether it was put in one piece at a remote that supports part numbers: its only part is the whole.
    /// </summary>
    public bool IsItsFirstPart { get; init; }

    /// <summary>Whether a part is sent with 200 and without its position, as Scality does.</summary>
    public bool SendsPartsAsWholes { get; init; }

    /// <summary>Its parts, by number, if they differ in length or leave numbers out. Empty otherwise.</summary>
    public IReadOnlyList<(int Number, int First, int Length)> Parts { get; init; } = [];

    /// <summary>The number of its parts.</summary>
    public int PartCount => Parts.Count > 0 ? Parts.Count : (Bytes.Length + PartSize - 1) / PartSize;

    /// <summary>The bytes of a part. Null if there is no such part.</summary>
    public ByteRange? Part(int number) =>
        Parts.Count > 0 ? Parts.Where(part => part.Number == number)
            .Select(static part => (ByteRange?)new ByteRange(part.First, part.First + part.Length - 1)).FirstOrDefault()
        : (long)(number - 1) * PartSize is var first && first < Bytes.Length
        ? new(first, Math.Min(first + PartSize, Bytes.Length) - 1) : null;
}
