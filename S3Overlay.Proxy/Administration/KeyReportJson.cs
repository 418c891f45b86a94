using System.Text.Json;

using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration;

/// <summary>The explanation of a key.</summary>
internal static class KeyReportJson
{
    /// <summary>Writes it.</summary>
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
        WriteHeld(json, report);
        RemoteReportJson.Write(json, report.Remote);
        writer.WriteEndObject();
    }

    /// <summary>Writes whether clients see something; null where that is not known.</summary>
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

    private static void WriteHeld(JsonLines json, KeyReport report)
    {
        if (report.Cached is not { } held)
        {
            json.Writer.WriteNull("held");
            return;
        }

        json.Writer.WriteStartObject("held");
        json.Writer.WriteString("form", held.ChunkSize == 0 ? "whole" : "chunks");
        json.Writer.WriteNumber("bytes", held.Bytes);
        RemoteReportJson.WriteVersion(json, held.Info);
        if (held.ChunkSize > 0)
        {
            json.Writer.WriteNumber("chunkSize", held.ChunkSize);
        }

        json.Date("validated", held.Validated);
        json.Writer.WriteNumber("age", (long)Math.Max(0, held.Age.TotalSeconds));
        json.Writer.WriteBoolean("used", held.IsUsable);
        json.Writer.WriteBoolean("fresh", held.IsFresh);
        if (report.Remote?.Info is { } now)
        {
            json.Writer.WriteBoolean("current", held.IsOf(now));
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
            "It was deleted and written again here: what was written outranks the tombstone, and the remote.",
        { Reason: KeyReason.Written } => "It was written here, which outranks the remote.",
        { Reason: KeyReason.Deleted } => "It was deleted here, which hides the remote's object until the tombstone is discarded.",
        { Reason: KeyReason.BucketDeleted } =>
            "Its bucket was deleted here, which hides all that the remote has in it until the mark is discarded.",
        { Reason: KeyReason.Cached, Remote.Finding: RemoteFinding.Absent } =>
            "It is held whole, and read from there. The remote has it no longer: drop the copy to have it gone.",
        { Reason: KeyReason.Cached, Cached: { } held, Remote.Info: { } now } when !held.IsOf(now) =>
            "It is held, and read from there. The remote has another version now: drop the copy to have it shown.",
        { Reason: KeyReason.PartlyCached, Remote.Finding: RemoteFinding.Absent } =>
            "Some of it is held, and read from there. The remote has it no longer, so that the rest cannot be read: drop the copy to have it gone.",
        { Reason: KeyReason.PartlyCached, Cached: { } held, Remote.Info: { } now } when !held.IsOf(now) =>
            "Some of it is held, and read from there. The remote has another version now, which whoever reads the rest finds out (503 RemoteChanged where copies are frozen): "
            + "drop the copy to have that shown.",
        { Reason: KeyReason.PartlyCached, Remote.Finding: RemoteFinding.Refused or RemoteFinding.Failed } =>
            "It is the remote's. Some of it is held, and read from there; the rest cannot be read, as long as the remote does not give it.",
        { Reason: KeyReason.Cached, Cached.IsFresh: false } =>
            "It is the remote's, held whole, and read from there once the remote has said that it is current.",
        { Reason: KeyReason.Cached } => "It is the remote's, held whole, and read from there.",
        { Reason: KeyReason.PartlyCached } => "It is the remote's. Some of it is held, the rest is fetched when it is read.",
        { Reason: KeyReason.Remote, Cached.IsUsable: true } =>
            "It is the remote's. What is held is of an older version, which the next read finds out by asking the remote.",
        { Reason: KeyReason.Remote, Cached: not null } =>
            "It is the remote's. What is held is of another remote, or cut otherwise than the settings have it now: the next read drops it.",
        { Reason: KeyReason.Remote } => "It is the remote's; nothing of it is held.",
        { Reason: KeyReason.Absent, Remote: null } => "It was never written here, or deleted since, and no remote backs the key.",
        { Reason: KeyReason.Absent, Cached.IsUsable: true } =>
            "The remote has it no longer. A copy is held still, which the next read finds out by asking the remote.",
        { Reason: KeyReason.Absent } => "It was neither written nor deleted here, and the remote has no such object.",
        { Cached.IsUsable: true } => "It is held, and the remote is asked before it is read: what it says decides.",
        { Remote.Finding: RemoteFinding.NotAsked } =>
            "It was neither written nor deleted here, nothing of it is held, and the remote was not asked.",
        { Remote.Finding: RemoteFinding.Refused } =>
            "It was neither written nor deleted here, and the remote does not let the overlay look. Clients get what S3_OVERLAY_REMOTE_FORBIDDEN says.",
        _ => "It was neither written nor deleted here, and the remote did not say what it has.",
    };
}
