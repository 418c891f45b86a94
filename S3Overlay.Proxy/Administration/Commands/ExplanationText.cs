using S3Overlay.Proxy.Administration.Explaining;
using S3Overlay.Proxy.Terminal;

namespace S3Overlay.Proxy.Administration.Commands;

/// <summary>An explanation in words, and what to do about it.</summary>
internal static class ExplanationText
{
    public static IEnumerable<string> Of(KeyExplanation of)
    {
        var name = $"{of.Bucket}/{of.Key}";
        yield return $"{Words.Name(name)}: {Seen(of)}";
        yield return $"  {of.Why}";
        yield return $"  written    {(of.Written is { } written ? Version(written.Size, written.ETag, written.LastModified) : "no")}";
        yield return "  tombstone  "
            + (of.Tombstone is not { } tombstone ? "no" : tombstone.Deleted is { } at ? $"of {Words.Time(at)}" : "yes");
        yield return $"  cached     {(of.Held is { } entry ? Cached(entry) : "no")}";
        if (of.Held is { ChunkSize: > 0, Size: > 0 } chunks)
        {
            yield return $"             {ChunkBar.Of(chunks.Runs, chunks.Size, chunks.ChunkSize.Value)}";
        }

        if (of.Coming.Count > 0)
        {
            yield return $"  coming     {Words.Size(of.Coming.Sum(static range => range[1] - range[0] + 1))}";
        }

        if (of.Pin is { } pin)
        {
            yield return $"  pinned     {(pin.Prefix is { } prefix ? Words.Name($"with {of.Bucket}/{prefix}") : "yes")}";
        }

        yield return $"  remote     {Remote(of.Remote)}";
        if (Next(of, Words.Argument(name)) is { } next)
        {
            yield return $"Next: {next}";
        }
    }

    public static IEnumerable<string> Of(BucketExplanation of)
    {
        yield return $"{of.Bucket}: " + of.Visible switch
        {
            null => "it is unknown whether clients see it",
            true => "clients see it",
            false => "clients do not see it",
        };
        yield return $"  {of.Why}";
        yield return $"  local       {(of.Local ? "yes" : "no")}";
        yield return $"  mapped      {(of.Mapped ? "yes" : "no")}";
        yield return $"  deleted     {(of.Deleted ? "yes" : "no")}";
        yield return $"  remote      {Remote(of.Remote)}";
        foreach (var part in of.Parts)
        {
            yield return $"  under {Words.Name(part.ClientPrefix ?? "")}  {Remote(part)}";
        }

        if (of.Deleted)
        {
            yield return $"Next: to show the remote again:  s3overlay undelete {Words.Argument(of.Bucket)}";
        }
    }

    private static string Seen(KeyExplanation of) => of switch
    {
        { Visible: null } => "it is unknown whether clients see it",
        { Visible: false } => "clients do not see it",
        { Layer: "local" } => "clients see it, from the local layer",
        { Layer: "cache" } => "clients see it, from the cache",
        _ => "clients see it, from the remote",
    };

    private static string Version(long size, string etag, DateTimeOffset date) => $"{Words.Size(size)}, ETag {etag}, {Words.Time(date)}";

    private static string Cached(EntryState entry) =>
        $"{(entry.Bytes == entry.Size ? "all" : Words.Size(entry.Bytes))} of {Version(entry.Size, entry.ETag, entry.LastModified)}"
        + $", {(entry.ChunkSize is { } chunk ? $"in chunks of {Words.Size(chunk)}" : "whole")}"
        + $", checked {Words.Age(entry.Age)} ago"
        + (entry.Used ? "" : ", no longer used");

    private static string Remote(RemoteState? of)
    {
        if (of is not { } remote)
        {
            return "none";
        }

        var name = Words.Name($"{remote.Bucket}/{remote.Key}{remote.Prefix}").TrimEnd('/');
        var place = $"{remote.Endpoint.TrimEnd('/')}/{name}";
        return remote.Found switch
        {
            RemoteFinding.Found when remote is { Size: { } size, ETag: { } etag, LastModified: { } date } =>
                $"{Version(size, etag, date)}  ({place})",
            RemoteFinding.Found => $"yes  ({place})",
            RemoteFinding.Absent => $"not there  ({place})",
            RemoteFinding.NotAsked => $"not asked  ({place})",
            var other => $"{(other == RemoteFinding.Refused ? "refused" : "failed")}: {remote.Problem}  ({place})",
        };
    }

    private static string? Next(KeyExplanation of, string argument) => of.Reason switch
    {
        KeyReason.Written when of.Remote?.Found == RemoteFinding.Found =>
            $"to show the remote's object:  s3overlay revert {argument}",
        KeyReason.Deleted => $"to show the remote's object again:  s3overlay undelete {argument}",
        KeyReason.BucketDeleted => $"to show the bucket's remote again:  s3overlay undelete {Words.Argument(of.Bucket)}",
        KeyReason.Cached or KeyReason.PartlyCached when of.Held?.Current == false || of.Remote?.Found == RemoteFinding.Absent =>
            $"to show the remote's current version:  s3overlay evict {argument}",
        KeyReason.Absent => $"to see where the bucket continues:  s3overlay explain {Words.Argument(of.Bucket)}",
        KeyReason.Unknown when of.Remote?.Found is RemoteFinding.Refused or RemoteFinding.Failed =>
            "check the remote's endpoint, credentials and policies (S3_OVERLAY_REMOTE_...)",
        _ => null,
    };
}
