using System.Xml.Linq;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Buckets;
using S3Overlay.Proxy.Protocol.Lifecycle;
using S3Overlay.Proxy.Protocol.Xml;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>
/// Configurations of a bucket by which a client could read, write or delete hidden keys, or write into a hidden bucket (rule A8): rules
/// that delete, copies and lists of all keys, and where they go.
/// </summary>
internal static class HiddenReach
{
    private const string Logging = LoggingConfiguration.Name;
    private const string Lifecycle = LifecycleConfiguration.Name;

    /// <summary>Configurations about all keys of a bucket.</summary>
    private static readonly string[] OfAllKeys =
    [
        "inventory", "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "notification",
        "replication",
    ];

    private static readonly S3Error NoTarget = new(
        "InvalidTargetBucketForLogging", StatusCodes.Status400BadRequest, "The target bucket for logging does not exist");

    /// <summary>Whether a query names such a configuration.</summary>
    public static bool Is(S3Query query) => query.Has(Logging) || query.Has(Lifecycle) || OfAllKeys.Any(query.Has);

    /// <summary>Refuses a configuration that reaches hidden names.</summary>
    /// <exception cref="S3Exception">AccessDenied; for logs, as if the target bucket did not exist.</exception>
    public static void Refuse(S3Query query, string bucket, XElement root, HiddenNames hidden)
    {
        foreach (var target in root.Descendants().Where(static element => element.Name.LocalName is "TargetBucket" or "Bucket"))
        {
            // An ARN ends with the name.
            if (hidden.Hides(target.Value.Trim()))
            {
                throw query.Has(Logging) ? new S3Exception(NoTarget) : new S3Exception(S3Errors.AccessDenied);
            }

            if (query.Has(Logging)
                && target.Parent!.Children("TargetPrefix").Any(prefix => hidden.Covers(target.Value.Trim(), prefix.Value)))
            {
                throw new S3Exception(S3Errors.AccessDenied);
            }
        }

        if (hidden.HasSome(bucket) && (OfAllKeys.Any(query.Has) || (query.Has(Lifecycle)
            && root.Children("Rule").SelectMany(PrefixesOf).Any(prefix => hidden.HasSomeUnder(bucket, prefix)))))
        {
            throw new S3Exception(S3Errors.AccessDenied);
        }
    }

    /// <summary>
    /// All prefixes of a rule: which of several counts, a store decides. A filter without one is about all keys, and so is a rule with
    /// neither.
    /// </summary>
    private static IEnumerable<string> PrefixesOf(XElement rule) => rule.Descendants()
        .Where(static element => element.Name.LocalName is "Prefix" or "Filter" or "And")
        .Select(static element => element.Name.LocalName == "Prefix" ? element.Value
            : element.Descendants().Any(static inner => inner.Name.LocalName == "Prefix") ? null : "")
        .OfType<string>().DefaultIfEmpty("");
}
