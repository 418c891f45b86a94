using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Uploads;

/// <summary>An upload completed of late: what a repeated CompleteMultipartUpload is answered with (rule W6).</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="Completed">When.</param>
/// <param name="Parts">A fingerprint of the list of parts it was completed with.</param>
/// <param name="Info">The object it made.</param>
internal sealed record CompletedRow(string Bucket, string Key, DateTimeOffset Completed, string Parts, ObjectInfo Info)
{
    /// <summary>How long it is remembered.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    /// <summary>Reads a row's value.</summary>
    public static CompletedRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        var (bucket, key) = (fields.Text(), fields.Text());
        var completed = DateTimeOffset.FromUnixTimeMilliseconds(fields.Number());
        return new CompletedRow(bucket, key, completed, fields.Text(), fields.ReadInfo());
    }

    /// <summary>The row's value.</summary>
    public ReadOnlySpan<byte> Write() =>
        new FieldWriter().Text(Bucket).Text(Key).Number(Completed.ToUnixTimeMilliseconds()).Text(Parts).Write(Info).Written;
}
