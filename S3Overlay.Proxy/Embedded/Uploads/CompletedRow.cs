using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Embedded.Uploads;

/// <summary>A recently completed upload, for the response to a repeated CompleteMultipartUpload (rule W6).</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="Key">The key.</param>
/// <param name="Completed">When.</param>
/// <param name="Parts">A fingerprint of the list of parts it was completed with.</param>
/// <param name="Info">The resulting object.</param>
internal sealed record CompletedRow(string Bucket, string Key, DateTimeOffset Completed, string Parts, ObjectInfo Info)
{
    public static readonly TimeSpan Life = TimeSpan.FromHours(24);

    public static CompletedRow Read(ReadOnlySpan<byte> value)
    {
        var fields = new FieldReader(value);
        var (bucket, key) = (fields.Text(), fields.Text());
        var completed = DateTimeOffset.FromUnixTimeMilliseconds(fields.Number());
        return new CompletedRow(bucket, key, completed, fields.Text(), fields.ReadInfo());
    }

    public ReadOnlySpan<byte> Write() =>
        new FieldWriter().Text(Bucket).Text(Key).Number(Completed.ToUnixTimeMilliseconds()).Text(Parts).Write(Info).Written;
}
