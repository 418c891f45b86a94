using System.Runtime.CompilerServices;

using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>
/// Runs every check, one after the other: settings, this machine, the local store, each remote. Changes nothing, here or there.
/// </summary>
internal sealed class Doctor(IConfiguration configuration, Machine machine)
{
    /// <summary>Returns each finding as soon as it is known.</summary>
    public async IAsyncEnumerable<Finding> FindAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var problems = new ConfigurationProblems();
        var options = ProxyOptionsReader.Read(configuration, problems);
        foreach (var finding in OfSettings(problems))
        {
            yield return finding;
        }

        if (problems.Errors.Count > 0)
        {
            yield return new Finding("all else", Verdict.Undecided, "Nothing else was checked, because it depends on these settings.",
                "Correct them first.");
            yield break;
        }

        foreach (var check in MachineChecks.Of(options))
        {
            yield return await check(cancellationToken);
        }

        await using var opened = new OpenedParts();
        using var meters = new ProxyMeters();
        var composition = new Composition(options, meters, NullLoggerFactory.Instance, machine, opened);
        if (options.Local.Endpoint is not null)
        {
            yield return await composition.CheckOfStore().RunAsync(cancellationToken);
        }

        if (composition.OpenRemotes() is not { } remotes)
        {
            yield return new Finding("remote", Verdict.Passed, "No remote is set: everything served is local.")
                { Setting = Settings.RemoteEndpoint.Name };
            yield break;
        }

        foreach (var remote in remotes.Checks)
        {
            await foreach (var finding in OfRemoteAsync(remote, cancellationToken))
            {
                yield return finding;
            }
        }
    }

    private static IEnumerable<Finding> OfSettings(ConfigurationProblems problems)
    {
        foreach (var error in problems.Errors)
        {
            yield return new Finding("settings", Verdict.Failed, error.ToString()) { Setting = error.Setting };
        }

        foreach (var warning in problems.Warnings)
        {
            yield return new Finding("settings", Verdict.Undecided, warning.ToString()) { Setting = warning.Setting };
        }

        if (problems is { Errors.Count: 0, Warnings.Count: 0 })
        {
            yield return new Finding("settings", Verdict.Passed, "Every setting is known and valid.");
        }
    }

    /// <summary>Stops at the first failure: the checks after it would only repeat it.</summary>
    private static async IAsyncEnumerable<Finding> OfRemoteAsync(
        RemoteChecks remote, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var first in (Func<CancellationToken, Task<Finding>>[])[remote.CheckCredentialsAsync, remote.Endpoint.RunAsync])
        {
            var finding = await first(cancellationToken);
            yield return finding;
            if (finding.Verdict == Verdict.Failed)
            {
                yield break;
            }
        }

        yield return remote.CheckClock();
        var buckets = remote.Buckets;
        if (buckets.Count == 0 && remote.Endpoint.Last!.Names is [var any, ..])
        {
            buckets = [remote.BucketOf(any)];
        }

        foreach (var bucket in buckets)
        {
            yield return await bucket.RunAsync(cancellationToken);
        }

        yield return await remote.CheckReadAsync(buckets, cancellationToken);
    }
}
