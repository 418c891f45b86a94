using System.Text.RegularExpressions;

using static S3Overlay.Proxy.Protocol.Operations.TargetLevel;

namespace S3Overlay.Proxy.Protocol.Operations;

/// <summary>The known S3 stores, and how to recognise each by its responses. Names and operations are from their sources.</summary>
public static partial class StoreMakes
{
    /// <summary>AWS: every name is a bucket. The only store with object annotations and changes of encryption.</summary>
    public static readonly StoreMake Aws = new("AWS")
    {
        Operations = OperationTable.OfS3.With(
            new("GET", TargetLevel.Object, "annotation", S3Operation.StoreRead, "annotationName", "annotation-prefix", "continuation-token",
                "max-annotation-results", "versionId"),
            new("PUT", TargetLevel.Object, "annotation", S3Operation.StoreWrite, "annotationName", "versionId"),
            new("DELETE", TargetLevel.Object, "annotation", S3Operation.StoreWrite, "annotationName", "versionId"),
            new("PUT", TargetLevel.Object, "encryption", S3Operation.StoreWrite, "versionId")),
    };

    /// <summary>
    /// MinIO: cmd/generic-handlers.go, cmd/admin-router.go, cmd/api-router.go. <c>GET /?events</c> covers all buckets and is not forwarded.
    /// </summary>
    public static readonly StoreMake MinIO = new("MinIO")
    {
        Kept = ["minio", ".minio.sys"],
        KeptUnderAnyHost = ["minio"],
        Operations = OperationTable.OfS3.With(
            new("GET", Bucket, "events", S3Operation.StoreRead, "prefix", "suffix", "ping"),
            new("GET", Bucket, "replication-metrics", S3Operation.StoreRead),
            new("GET", Bucket, "replication-check", S3Operation.StoreRead),
            new("GET", Bucket, "replication-reset-status", S3Operation.StoreRead, "arn"),
            new("PUT", Bucket, "replication-reset", S3Operation.StoreWrite, "arn", "older-than", "reset-id"),
            new("GET", Bucket, "versions", S3Operation.ListObjectVersions, "metadata"),
            new("GET", Bucket, "", S3Operation.ListObjectsV2, "metadata")),
    };

    /// <summary>RustFS: rustfs/src/server/prefix.rs. It serves MinIO's names too.</summary>
    public static readonly StoreMake RustFs = new("RustFS")
    {
        Kept =
        [
            "rustfs", "minio", "iceberg", "_iceberg", "node_service.NodeService", "health", "profile", "version", "license", ".rustfs.sys",
            ".minio.sys",
        ],
        KeptUnderAnyHost = ["rustfs", "minio", "_iceberg", "node_service.NodeService"],
    };

    /// <summary>
    /// Ceph's object gateway: rgw_admin_entry, rgw_swift_url_prefix, rgw_swift_auth_entry, and the additions in rgw_rest_s3.cc.
    /// </summary>
    public static readonly StoreMake Ceph = new("Ceph RGW")
    {
        Kept = ["admin", "swift", "auth"],
        Operations = OperationTable.OfS3.With(
            new("GET", Service, "usage", S3Operation.StoreRead),
            new("HEAD", Bucket, "", S3Operation.HeadBucket, "read-stats"),
            new("GET", Bucket, "", S3Operation.ListObjects, "allow-unordered"),
            new("GET", Bucket, "", S3Operation.ListObjectsV2, "allow-unordered"),
            new("GET", Bucket, "versions", S3Operation.ListObjectVersions, "allow-unordered"),
            new("GET", Bucket, "mdsearch", S3Operation.StoreRead),
            new("POST", Bucket, "mdsearch", S3Operation.StoreWrite),
            new("DELETE", Bucket, "mdsearch", S3Operation.StoreWrite),
            new("GET", Bucket, "query", S3Operation.StoreRead, "marker", "max-keys"),
            new("POST", Bucket, "logging", S3Operation.PutBucketConfiguration),
            new("DELETE", Bucket, "notification", S3Operation.DeleteBucketConfiguration),
            new("PUT", TargetLevel.Object, "append", S3Operation.StoreWrite, "position")),
    };

    /// <summary>SeaweedFS: weed/s3api/s3api_server.go.</summary>
    public static readonly StoreMake SeaweedFs = new("SeaweedFS") { Kept = ["status", "healthz", "readyz"] };

    /// <summary>OpenStack Swift with s3api, whose pipeline answers these first.</summary>
    public static readonly StoreMake Swift = new("Swift") { Kept = ["auth", "info", "healthcheck", "recon", "endpoints"] };

    /// <summary>Zenko's cloudserver: lib/routes/routes of arsenal, <c>/_/</c>.</summary>
    public static readonly StoreMake Zenko = new("Zenko") { Kept = ["_"] };

    /// <summary>Versity's gateway. Its administration uses PATCH, which is never forwarded.</summary>
    public static readonly StoreMake Versity = new("Versity");

    /// <summary>Another S3Overlay, with its administration (rule A5).</summary>
    public static readonly StoreMake Ours = new("S3Overlay") { Kept = [RequestTarget.AdministrationName] };

    /// <summary>A store that, by its setting, reserves no names and adds nothing to S3.</summary>
    public static readonly StoreMake Other = new("another store");

    private static readonly (string Setting, StoreMake Make)[] Named =
    [
        ("aws", Aws), ("minio", MinIO), ("rustfs", RustFs), ("ceph", Ceph), ("seaweedfs", SeaweedFs), ("swift", Swift), ("zenko", Zenko),
        ("versity", Versity), ("s3overlay", Ours), ("other", Other),
    ];

    /// <summary>The start of each store's <c>Server</c> header.</summary>
    private static readonly (string Start, StoreMake Make)[] Servers =
        [("MinIO", MinIO), ("RustFS", RustFs), ("Ceph Object Gateway", Ceph), ("SeaweedFS", SeaweedFs), ("VERSITYGW", Versity)];

    /// <summary>An unknown store. It may reserve any name that another store does, and gets nothing beyond S3.</summary>
    public static readonly StoreMake Unknown = new("unknown")
    {
        Kept = Named.SelectMany(static each => each.Make.Kept),
        KeptUnderAnyHost = Named.SelectMany(static each => each.Make.KeptUnderAnyHost),
    };

    /// <summary>The values of the settings that name a store's vendor; null detects it.</summary>
    public static IReadOnlyList<(string Name, StoreMake? Make)> Choices { get; } =
        [("auto", null), .. Named.Select(static each => (each.Setting, (StoreMake?)each.Make))];

    /// <summary>The vendor that response headers show; null if they do not.</summary>
    /// <param name="server">The <c>Server</c> header; null for none.</param>
    /// <param name="requestId">The <c>x-amz-request-id</c> header; null for none.</param>
    public static StoreMake? Of(string? server, string? requestId)
    {
        foreach (var (start, make) in Servers)
        {
            if (server is not null && server.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            {
                return make;
            }
        }

        // Another server in front may hide its name.
        return requestId is not null && CephRequestId().IsMatch(requestId) ? Ceph : null;
    }

    /// <summary>Request ids of Ceph's gateway end with its zone. Swift's are otherwise alike.</summary>
    [GeneratedRegex("^tx[0-9a-f]{21}-[0-9a-f]{8,16}-[0-9a-f]+-.+$", RegexOptions.CultureInvariant)]
    private static partial Regex CephRequestId();
}
