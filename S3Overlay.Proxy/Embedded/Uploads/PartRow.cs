using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Uploads;

/// <summary>One part of an open upload, in the index.</summary>
/// <param name="Number">Its number, 1 to 10,000.</param>
/// <param name="File">Its file.</param>
/// <param name="Sequence">Its number in the order of all writes: of two files of one part number the higher is valid.</param>
/// <param name="Info">Size, ETag, date and checksums: its own, followed, if there is a type, by one that was added here.</param>
internal sealed record PartRow(int Number, FileId File, ulong Sequence, ObjectInfo Info)
{
    /// <summary>The checksum it was sent with, or the one the upload requires and that was computed here; else null.</summary>
    public BodyChecksum? Checksum => Info.Checksums.Count > (Info.ChecksumType is null ? 0 : 1) ? Info.Checksums[0] : null;

    /// <summary>Its checksum of an algorithm, shown to clients or not; null if there is none.</summary>
    public BodyChecksum? Find(ChecksumAlgorithm algorithm)
    {
        foreach (var checksum in Info.Checksums)
        {
            if (checksum.Algorithm == algorithm)
            {
                return checksum;
            }
        }

        return null;
    }

    public static PartRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        return new PartRow((int)fields.Number(), fields.File(), fields.Fixed(), fields.ReadInfo());
    }

    public ReadOnlySpan<byte> Write() => new FieldWriter().Number(Number).File(File).Fixed(Sequence).Write(Info).Written;
}
