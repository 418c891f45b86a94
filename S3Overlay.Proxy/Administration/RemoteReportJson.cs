using S3Overlay.Proxy.Overlay.Administration;
using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Objects;

namespace S3Overlay.Proxy.Administration;

/// <summary>The remote's part of an explanation.</summary>
internal static class RemoteReportJson
{
    /// <summary>Writes the member <c>remote</c>.</summary>
    public static void Write(JsonLines json, RemoteReport? report)
    {
        var writer = json.Writer;
        if (report is null)
        {
            writer.WriteNull("remote");
            return;
        }

        writer.WriteStartObject("remote");
        WriteMembers(json, report);
        writer.WriteEndObject();
    }

    /// <summary>Writes one of several remotes. The member <c>of</c> is the local prefix that it serves.</summary>
    public static void WritePart(JsonLines json, RemoteReport report)
    {
        json.Writer.WriteStartObject();
        json.Writer.WriteString("of", report.Bucket.ClientPrefix);
        WriteMembers(json, report);
        json.Writer.WriteEndObject();
    }

    private static void WriteMembers(JsonLines json, RemoteReport report)
    {
        var writer = json.Writer;
        writer.WriteString("endpoint", report.Bucket.Remote.Endpoint);
        writer.WriteString("bucket", report.Bucket.Name);
        writer.WriteString(report.Key is null ? "prefix" : "key", report.Key ?? report.Bucket.KeyPrefix);
        writer.WriteString("found", NameOf(report.Finding));
        if (report.Info is { } info)
        {
            WriteVersion(json, info);
        }

        if (report.Problem is { } problem)
        {
            writer.WriteString("problem", problem);
        }
    }

    /// <summary>Writes the version of an object.</summary>
    public static void WriteVersion(JsonLines json, ObjectInfo info)
    {
        json.Writer.WriteNumber("size", info.Size);
        json.Writer.WriteString("etag", info.ETag);
        json.Date("lastModified", info.LastModified);
    }

    private static string NameOf(RemoteFinding finding) => finding switch
    {
        RemoteFinding.NotAsked => "not-asked",
        RemoteFinding.Found => "yes",
        RemoteFinding.Absent => "no",
        RemoteFinding.Refused => "refused",
        RemoteFinding.Failed => "failed",
        _ => throw new ArgumentOutOfRangeException(nameof(finding)),
    };
}
