using System.Globalization;
using System.Xml.Linq;

using S3Overlay.Proxy.Embedded.Rows;
using S3Overlay.Proxy.Embedded.Uploads;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Bodies;
using S3Overlay.Proxy.Protocol.Objects;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Embedded.Operations;

/// <summary>A part in a CompleteMultipartUpload document.</summary>
/// <param name="Number">Its number.</param>
/// <param name="ETag">Its ETag, with or without quotes.</param>
/// <param name="Checksum">Its checksum, or null.</param>
internal sealed record NamedPart(int Number, string ETag, BodyChecksum? Checksum)
{
    /// <summary>Reads the list.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    public static IReadOnlyList<NamedPart> ReadAll(XElement root)
    {
        if (root.Name.LocalName != "CompleteMultipartUpload")
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        var parts = root.Children("Part").Select(Read).ToList();
        return parts.Count is >= 1 and <= PartNumbers.Max ? parts : throw new S3Exception(S3Errors.MalformedXml);
    }

    /// <summary>True if it matches the uploaded part.</summary>
    public bool Fits(PartRow part) =>
        ETags.Same(ETag, part.Info.ETag) && (Checksum is not { } checksum || part.Checksum is not { } known || known == checksum);

    /// <summary>Requires a checksum of the upload's algorithm, if the object's checksum is made of the parts'.</summary>
    /// <exception cref="S3Exception">InvalidRequest, BadDigest.</exception>
    public void CheckAlgorithm(UploadRecord upload)
    {
        if (upload.Algorithm is not { } algorithm)
        {
            return;
        }

        if (Checksum is null && !upload.IsFullObject)
        {
            throw new S3Exception(
                S3Errors.InvalidRequest,
                $"The upload was created using a {ChecksumNames.Name(algorithm).ToLowerInvariant()} checksum. "
                + "The complete request must include the checksum for each part. "
                + string.Create(CultureInfo.InvariantCulture, $"It was missing for part {Number} in the request."));
        }

        if (Checksum is { } named && named.Algorithm != algorithm)
        {
            throw new S3Exception(
                S3Errors.BadDigest,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The {ChecksumNames.Name(named.Algorithm).ToLowerInvariant()} you specified for part {Number} "
                    + $"did not match what we received."));
        }
    }

    private static NamedPart Read(XElement part)
    {
        if (!int.TryParse(part.ChildText("PartNumber")?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || part.ChildText("ETag") is not { } etag)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        foreach (var algorithm in ChecksumNames.All)
        {
            if (part.ChildText(ChecksumNames.Element(algorithm)) is { } value)
            {
                return new NamedPart(number, etag.Trim(), new BodyChecksum(algorithm, value.Trim()));
            }
        }

        return new NamedPart(number, etag.Trim(), null);
    }
}
