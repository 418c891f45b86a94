using System.Diagnostics;

using Microsoft.AspNetCore.Http;

using S3Overlay.Proxy.Protocol;
using S3Overlay.Proxy.Protocol.Operations;
using S3Overlay.Proxy.Telemetry.AccessLogs;

namespace S3Overlay.Proxy.FrontDoor;

/// <summary>The records of requests: in the access log, and in the logs of buckets.</summary>
public sealed partial class S3FrontDoor
{
    /// <summary>Writes the records of a request that ended. Costs nothing if no log wants them.</summary>
    private void WriteLogs(
        Call call, HttpContext context, KestrelResponse response, long started, string outcome, string? layer, string? cache)
    {
        var bucket = call.Target.Bucket ?? "";
        var isLogged = settings.Logs is { } logs && logs.Wants(bucket);
        var isSourceLogged = call.Source is { } source && settings.Logs is { } others && others.Wants(source.Bucket);
        if (accessLog is null && !isLogged && !isSourceLogged)
        {
            return;
        }

        var duration = Stopwatch.GetElapsedTime(started);
        var entry = AccessLogEntry.From(context, settings.Time.GetUtcNow() - duration, call.RequestId, outcome) with
        {
            Requester = call.Caller.AccessKey,
            Operation = call.Operation,
            Configuration = ConfigurationOf(call),
            IsOfWebsite = call.Target.IsWebsite,
            Bucket = bucket,
            Key = call.Key,
            Error = call.Error,
            Sent = response.Sent,
            Duration = duration,
            Layer = layer,
            Cache = cache,
        };
        accessLog?.Add(entry);
        if (isLogged)
        {
            settings.Logs!.Add(new BucketLogEntry(entry)
            {
                Bucket = bucket,
                Requester = RequesterOf(call),
                NeededAcl = call.Records is { NeededAcl: true },
                Deleted = call.Records?.Deleted,
            });
        }

        if (isSourceLogged)
        {
            settings.Logs!.Add(new BucketLogEntry(entry)
            {
                Bucket = call.Source!.Bucket,
                Requester = RequesterOf(call),
                Copied = new(call.Source.Key, LogNotes.Shown(call.Source.VersionId)),
            });
        }
    }

    private static string? ConfigurationOf(Call call) => call.Operation
        is S3Operation.GetBucketConfiguration or S3Operation.PutBucketConfiguration or S3Operation.DeleteBucketConfiguration
        ? SubResources.ConfigurationOf(S3Query.Parse(call.Target.RawQuery)) : null;

    /// <summary>The caller as an ARN, as policies name it.</summary>
    private string? RequesterOf(Call call) => rights.CallerOf(call.Caller) is { Account: { } account } caller
        ? $"arn:aws:iam::{caller.AccountNumber ?? account.Id}:user/{caller.AccessKey}" : null;
}
