namespace S3Overlay.Tests.Contract;

/// <summary>
/// Every sub-resource that AWS's SDKs request (client-s3 3.1169 for JavaScript, November 2026), and one that none does. Each has two
/// spellings: <c>?acl</c>, and <c>?acl=</c> as in that SDK.
/// </summary>
internal static class SubResourceNames
{
    /// <summary>A name that no store knows, such as the next one AWS adds.</summary>
    public const string New = "yet-unknown";

    private static readonly string[] Known =
    [
        "abac", "accelerate", "acl", "analytics", "annotation", "attributes", "cors", "delete", "encryption", "intelligent-tiering",
        "inventory", "legal-hold", "lifecycle", "location", "logging",
        "metadataAnnotationTable", "metadataConfiguration", "metadataInventoryTable", "metadataJournalTable", "metadataTable", "metrics",
        "notification", "object-lock", "ownershipControls",
        "policy", "policyStatus", "publicAccessBlock", "renameObject", "replication", "requestPayment", "restore", "retention", "select",
        "tagging", "torrent", "uploads", "versioning",
        "versions", "website",
    ];

    /// <summary>Those that S3 has, in both spellings.</summary>
    public static IEnumerable<string> OfS3 => Known.SelectMany(Spelt);

    /// <summary>A name in both spellings.</summary>
    public static IEnumerable<string> Spelt(string name) => [name, name + "="];
}
