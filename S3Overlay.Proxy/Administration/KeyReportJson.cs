using System.Text.Json;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration;

/// <summary>The explanation of a key.</summary>
internal static class KeyReportJson
{
    public static void Write(JsonLines json, string bucket, string key, KeyReport report)
    {
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteString("bucket", bucket);
        writer.WriteString("key", key);
        WriteVisible(writer, report.IsVisible);
        writer.WriteString("layer", report.Layer);
        writer.WriteString("reason", NameOf(report.Reason));
        writer.WriteString("why", Why(report));
        WriteWritten(json, report);
        WriteTombstone(json, report);
        WriteCached(json, report);
        RemoteReportJson.Write(json, report.Remote);
        writer.WriteEndObject();
    }

    /// <summary>Writes whether clients see it; null if unknown.</summary>
    public static void WriteVisible(Utf8JsonWriter writer, bool? isVisible)
    {
        if (isVisible is { } known)
        {
            writer.WriteBoolean("visible", known);
        }
        else
        {
            writer.WriteNull("visible");
        }
    }

    private static void WriteWritten(JsonLines json, KeyReport report)
    {
        if (report.Written is not { } written)
        {
            json.Writer.WriteNull("written");
            return;
        }

        json.Writer.WriteStartObject("written");
        json.Writer.WriteNumber("size", written.Size);
        json.Writer.WriteString("etag", written.ETag);
        json.Date("lastModified", written.LastModified);
        if (written.VersionId is { } version)
        {
            json.Writer.WriteString("versionId", version);
        }

        json.Writer.WriteEndObject();
    }

    private static void WriteTombstone(JsonLines json, KeyReport report)
    {
        if (report.Tombstone is not { } tombstone)
        {
            json.Writer.WriteNull("tombstone");
            return;
        }

        json.Writer.WriteStartObject("tombstone");
        if (tombstone.Made is { } made)
        {
            json.Date("deleted", made);
        }

        json.Writer.WriteEndObject();
    }

    private static void WriteCached(JsonLines json, KeyReport report)
    {
        if (report.Cached is not { } cached)
        {
            json.Writer.WriteNull("held");
            return;
        }

        json.Writer.WriteStartObject("held");
        json.Writer.WriteString("form", cached.ChunkSize == 0 ? "whole" : "chunks");
        json.Writer.WriteNumber("bytes", cached.Bytes);
        RemoteReportJson.WriteVersion(json, cached.Info);
        if (cached.ChunkSize > 0)
        {
            json.Writer.WriteNumber("chunkSize", cached.ChunkSize);
        }

        json.Date("validated", cached.Validated);
        json.Writer.WriteNumber("age", (long)Math.Max(0, cached.Age.TotalSeconds));
        json.Writer.WriteBoolean("used", cached.IsUsable);
        json.Writer.WriteBoolean("fresh", cached.IsFresh);
        if (report.Remote?.Info is { } now)
        {
            json.Writer.WriteBoolean("current", cached.IsOf(now));
        }

        json.Writer.WriteEndObject();
    }

    private static string NameOf(KeyReason reason) => reason switch
    {
        KeyReason.Written => "written",
        KeyReason.Deleted => "deleted",
        KeyReason.BucketDeleted => "bucket-deleted",
        KeyReason.Cached => "held",
        KeyReason.PartlyCached => "partly-held",
        KeyReason.Remote => "remote",
        KeyReason.Absent => "absent",
        KeyReason.Unknown => "unknown",
        _ => throw new ArgumentOutOfRangeException(nameof(reason)),
    };

    private static string Why(KeyReport report) => report switch
    {
        { Reason: KeyReason.Written, Tombstone: not null } =>
            "It was deleted and written again here: the write wins over the tombstone and the remote.",
        { Reason: KeyReason.Written } => "It was written here, which wins over the remote.",
        { Reason: KeyReason.Deleted } => "It was deleted here, which hides the remote's object until you undelete it.",
        { Reason: KeyReason.BucketDeleted } =>
            "Its bucket was deleted here, which hides everything the remote has in it until you undelete the bucket.",
        { Reason: KeyReason.Cached, Remote.Finding: RemoteFinding.Absent } =>
            "It is cached whole and read from the cache. The remote no longer has it: evict the entry to remove it.",
        { Reason: KeyReason.Cached, Cached: { } cached, Remote.Info: { } now } when !cached.IsOf(now) =>
            "It is cached and read from the cache. The remote now has another version: evict the entry to show that.",
        { Reason: KeyReason.PartlyCached, Remote.Finding: RemoteFinding.Absent } =>
            "Part of it is cached. The remote no longer has it, so the rest cannot be read: evict the entry to remove it.",
        { Reason: KeyReason.PartlyCached, Cached: { } cached, Remote.Info: { } now } when !cached.IsOf(now) =>
            "Part of it is cached. The remote now has another version, which a read of the rest will detect (503 RemoteChanged if entries "
            + "are frozen): evict the entry to show that.",
        { Reason: KeyReason.PartlyCached, Remote.Finding: RemoteFinding.Refused or RemoteFinding.Failed } =>
            "It is the remote's. Part of it is cached; the rest cannot be read while the remote does not return it.",
        { Reason: KeyReason.Cached, Cached.IsFresh: false } =>
            "It is the remote's, cached whole. The next read checks the entry against the remote first.",
        { Reason: KeyReason.Cached } => "It is the remote's, cached whole, and read from the cache.",
        { Reason: KeyReason.PartlyCached } => "It is the remote's. Part of it is cached; the rest is read from the remote.",
        { Reason: KeyReason.Remote, Cached.IsUsable: true } =>
            "It is the remote's. The cache has an older version, which the next read detects by asking the remote.",
        { Reason: KeyReason.Remote, Cached: not null } =>
            "It is the remote's. The cache entry is of another remote or another chunk size: the next read evicts it.",
        { Reason: KeyReason.Remote } => "It is the remote's, and not cached.",
        { Reason: KeyReason.Absent, Remote: null } => "It was never written here, or deleted since, and no remote backs the key.",
        { Reason: KeyReason.Absent, Cached.IsUsable: true } =>
            "The remote no longer has it. It is still cached, which the next read detects by asking the remote.",
        { Reason: KeyReason.Absent } => "It was neither written nor deleted here, and the remote has no such object.",
        { Cached.IsUsable: true } => "It is cached, and the next read asks the remote first: its response decides.",
        { Remote.Finding: RemoteFinding.NotAsked } =>
            "It was neither written nor deleted here, it is not cached, and the remote was not asked.",
        { Remote.Finding: RemoteFinding.Refused } =>
            "It was neither written nor deleted here, and the remote does not let the overlay look. Clients get what "
            + "S3_OVERLAY_REMOTE_FORBIDDEN says.",
        _ => "It was neither written nor deleted here, and the remote did not say what it has.",
    };
}
