using System.Globalization;
using System.Text;
using System.Xml.Linq;

using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.Protocol.Buckets;

/// <summary>Where the records of a bucket's requests go (<c>BucketLoggingStatus</c>).</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html</remarks>
/// <param name="TargetBucket">The bucket that gets the log objects.</param>
/// <param name="TargetPrefix">What their keys begin with; may be empty.</param>
public sealed record LoggingConfiguration(string TargetBucket, string TargetPrefix)
{
    /// <summary>The sub-resource.</summary>
    public const string Name = "logging";

    private const string Root = "BucketLoggingStatus", Enabled = "LoggingEnabled", Format = "TargetObjectKeyFormat";

    /// <summary>The format of keys; null if none was set, which means <see cref="LogKeyFormat.Simple"/>.</summary>
    public LogKeyFormat? KeyFormat { get; init; }

    /// <summary>Who may do what with the log objects, besides the bucket's owner.</summary>
    public IReadOnlyList<Grant> Grants { get; init; } = [];

    /// <summary>Reads a document.</summary>
    /// <param name="root">The document.</param>
    /// <param name="accounts">The accounts that may be granted something.</param>
    /// <returns>Null if it turns logging off.</returns>
    /// <exception cref="S3Exception">
    /// MalformedXML; InvalidArgument for an unknown account or group; MethodNotAllowed for a grant to an e-mail address.
    /// </exception>
    public static LoggingConfiguration? Read(XElement root, IAccounts accounts)
    {
        RequireOnly(root, Enabled);
        if (root.Name.LocalName != Root)
        {
            throw Malformed();
        }

        if (One(root, Enabled) is not { } enabled)
        {
            return null;
        }

        RequireOnly(enabled, "TargetBucket", "TargetPrefix", "TargetGrants", Format);
        var bucket = One(enabled, "TargetBucket")?.Value.Trim() ?? throw Malformed();
        var prefix = One(enabled, "TargetPrefix")?.Value ?? throw Malformed();
        if (bucket.Length == 0)
        {
            throw Malformed();
        }

        // Account, region, bucket and date follow; a key has at most 1,024 bytes.
        return Encoding.UTF8.GetByteCount(prefix) > 512 ? throw new S3Exception(S3Errors.KeyTooLong) : new(bucket, prefix)
        {
            KeyFormat = One(enabled, Format) is { } format ? ReadFormat(format) : null,
            Grants = One(enabled, "TargetGrants") is { } grants ? ReadGrants(grants, accounts) : [],
        };
    }

    /// <summary>Reads a document that <see cref="Write"/> wrote.</summary>
    public static LoggingConfiguration? Parse(string document) =>
        Read(S3XmlReader.Parse(Encoding.UTF8.GetBytes(document)), new KeptAccounts());

    /// <summary>The document.</summary>
    public S3XmlWriter Write(IAccounts accounts)
    {
        var xml = new S3XmlWriter().Root(Root).Open(Enabled).Element("TargetBucket", TargetBucket);
        if (Grants.Count > 0)
        {
            xml.Open("TargetGrants");
            foreach (var grant in Grants)
            {
                AclDocuments.WriteGrant(xml, grant, accounts);
            }

            xml.Close("TargetGrants");
        }

        xml.Element("TargetPrefix", TargetPrefix);
        if (KeyFormat is LogKeyFormat.Simple)
        {
            xml.Open(Format).Open("SimplePrefix").Close("SimplePrefix").Close(Format);
        }
        else if (KeyFormat is { } partitioned)
        {
            xml.Open(Format).Open("PartitionedPrefix").Element("PartitionDateSource", partitioned.ToString())
                .Close("PartitionedPrefix").Close(Format);
        }

        return xml.Close(Enabled).Close(Root);
    }

    /// <summary>The key of a log object.</summary>
    /// <param name="account">The account of the logged bucket.</param>
    /// <param name="region">Its region.</param>
    /// <param name="bucket">The logged bucket.</param>
    /// <param name="day">The day of the records.</param>
    /// <param name="now">When the object is written.</param>
    /// <param name="unique">What makes it unique.</param>
    public string KeyOf(string account, string region, string bucket, DateTime day, DateTime now, string unique)
    {
        var time = KeyFormat == LogKeyFormat.EventTime ? day.Date : now;
        var name = time.ToString("yyyy-MM-dd-HH-mm-ss", CultureInfo.InvariantCulture) + "-" + unique;
        return KeyFormat is null or LogKeyFormat.Simple ? TargetPrefix + name
            : $"{TargetPrefix}{account}/{region}/{bucket}/{time.ToString("yyyy'/'MM'/'dd", CultureInfo.InvariantCulture)}/{name}";
    }

    private static LogKeyFormat ReadFormat(XElement format)
    {
        RequireOnly(format, "SimplePrefix", "PartitionedPrefix");
        if (format.Elements().ToList() is not [var only])
        {
            throw Malformed();
        }

        if (only.Name.LocalName == "SimplePrefix")
        {
            return only.HasElements ? throw Malformed() : LogKeyFormat.Simple;
        }

        RequireOnly(only, "PartitionDateSource");
        return One(only, "PartitionDateSource")?.Value switch
        {
            null or nameof(LogKeyFormat.EventTime) => LogKeyFormat.EventTime,
            nameof(LogKeyFormat.DeliveryTime) => LogKeyFormat.DeliveryTime,
            _ => throw Malformed(),
        };
    }

    private static List<Grant> ReadGrants(XElement grants, IAccounts accounts)
    {
        RequireOnly(grants, "Grant");
        var read = grants.Elements().Select(grant => AclDocuments.ReadGrant(grant, accounts)).ToList();
        return read.Count <= AccessControlList.MaxGrants && read.TrueForAll(static grant =>
            grant.Permission is AclPermission.Read or AclPermission.Write or AclPermission.FullControl) ? read : throw Malformed();
    }

    private static XElement? One(XElement parent, string name)
    {
        var found = parent.Children(name).Take(2).ToList();
        return found.Count > 1 ? throw Malformed() : found.FirstOrDefault();
    }

    private static void RequireOnly(XElement parent, params ReadOnlySpan<string> names)
    {
        foreach (var element in parent.Elements())
        {
            if (!names.Contains(element.Name.LocalName))
            {
                throw Malformed();
            }
        }
    }

    private static S3Exception Malformed() => new(S3Errors.MalformedXml);

    /// <summary>Accounts of a document that was checked when it was set.</summary>
    private sealed class KeptAccounts : IAccounts
    {
        public Account? Find(string id) => new(id, "");
    }
}

/// <summary>How the keys of log objects are made.</summary>
/// <remarks>https://docs.aws.amazon.com/AmazonS3/latest/API/API_TargetObjectKeyFormat.html</remarks>
public enum LogKeyFormat
{
    /// <summary>Prefix, time of delivery, and a unique text.</summary>
    Simple,

    /// <summary>In folders by account, region, bucket and day of the requests.</summary>
    EventTime,

    /// <summary>In folders by account, region, bucket and day of delivery.</summary>
    DeliveryTime,
}
