using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Objects;

/// <summary>The documents of an object's retention and legal hold.</summary>
/// <remarks>
/// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html,
/// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html
/// </remarks>
public static class LockDocuments
{
    private const string RetentionRoot = "Retention";
    private const string HoldRoot = "LegalHold";

    /// <summary>Reads a retention. An empty document removes the one that is there: null.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    public static Retention? ReadRetention(XElement root)
    {
        var (mode, until) = (root.ChildText("Mode"), root.ChildText("RetainUntilDate"));
        if (root.Name.LocalName != RetentionRoot)
        {
            throw new S3Exception(S3Errors.MalformedXml);
        }

        return mode is null && until is null ? null
            : RetentionModes.TryParse(mode, out var known) && HttpDates.TryParseXml(until, out var date) ? new(known, date)
            : throw new S3Exception(S3Errors.MalformedXml);
    }

    /// <summary>Reads the state of a legal hold.</summary>
    /// <exception cref="S3Exception">MalformedXML.</exception>
    public static bool ReadLegalHold(XElement root) =>
        // S3's service model has the second name, which some stores accept as well.
        root.Name.LocalName is HoldRoot or "ObjectLockLegalHold" && LegalHolds.TryParse(root.ChildText("Status"), out var isOn) ? isOn
            : throw new S3Exception(S3Errors.MalformedXml);

    /// <summary>The document of a retention.</summary>
    public static S3XmlWriter Write(Retention retention) => new S3XmlWriter().Root(RetentionRoot)
        .Element("Mode", RetentionModes.Name(retention.Mode)).Element("RetainUntilDate", retention.Until).Close(RetentionRoot);

    /// <summary>The document of a legal hold.</summary>
    public static S3XmlWriter WriteLegalHold(bool isOn) =>
        new S3XmlWriter().Root(HoldRoot).Element("Status", LegalHolds.Name(isOn)).Close(HoldRoot);
}
