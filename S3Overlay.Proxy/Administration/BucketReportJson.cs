using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;

namespace S3Overlay.Proxy.Administration;

/// <summary>The explanation of a bucket.</summary>
internal static class BucketReportJson
{
    public static void Write(JsonLines json, string bucket, BucketReport report)
    {
        var writer = json.Writer;
        writer.WriteStartObject();
        writer.WriteString("bucket", bucket);
        KeyReportJson.WriteVisible(writer, report.IsVisible);
        writer.WriteString("why", Why(report));
        writer.WriteBoolean("local", report.State.Exists);
        writer.WriteBoolean("mapped", report.IsMapped);
        writer.WriteBoolean("deleted", report.State.IsOpaque);
        RemoteReportJson.Write(json, report.Remote);
        writer.WriteStartArray("parts");
        foreach (var part in report.Parts)
        {
            RemoteReportJson.WritePart(json, part);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static string Why(BucketReport report) => report switch
    {
        { State: { Exists: true, IsOpaque: true } } =>
            "It was deleted here and created again: the remote stays hidden until you undelete the bucket.",
        { State.IsOpaque: true } => "It was deleted here: the remote stays hidden until you undelete the bucket.",
        { State: { Exists: true, IsOpaque: false }, Remote: null, Parts.Count: > 0 } =>
            "It is here, and continues at remotes under some prefixes; all else in it is local only.",
        { State.IsOpaque: false, Remote: null, Parts.Count: > 0 } =>
            "The settings map some of its prefixes; it has no local half until something is written to it, and all else in it is "
            + "local only.",
        { State.Exists: true, Remote: null } => "It is here, and has no remote.",
        { State.Exists: true } => "It has a local half, and continues at the remote.",
        { Remote: null } => "It is not here, and has no remote.",
        { IsMapped: true } => "The settings map it; it has no local half until something is written to it.",
        { IsVisible: true } => "The remote has it under this name; it has no local half until something is written to it.",
        { IsVisible: false } => "It is not here, and the remote has no such bucket.",
        _ => "It is not here, and the remote was not asked or did not say.",
    };
}
