using System.Runtime.CompilerServices;

using Microsoft.Extensions.Logging.Abstractions;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Reading;
using S3Overlay.Proxy.Hosting.Layers;
using S3Overlay.Proxy.Telemetry;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>
/// Runs every check there is, one after the other: settings, this machine, the local store, each remote. Changes nothing, here or there.
/// </summary>
/// <param name="configuration">The settings.</param>
/// <param name="machine">The machine.</param>
internal sealed class Doctor(IConfiguration configuration, Machine machine)
{
    /// <summary>What is found, as it is found.</summary>
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
            yield return new Finding("all else", Verdict.Undecided, "Nothing else was looked at, since it depends on these settings.",
                "Correct them first.");
            yield break;
        }

        foreach (var check in OfMachine(options))
        {
            yield return await check.RunAsync(cancellationToken);
        }

        await using var opened = new OpenedParts();
        using var meters = new ProxyMeters();
        var setup = new ProxySetup(options, meters, NullLoggerFactory.Instance, machine, opened);
        if (options.Local.Endpoint is { } store)
        {
            yield return await StoreLayer.CheckOf(setup, store).RunAsync(cancellationToken);
        }

        if (RemoteLayer.Open(setup) is not { } remotes)
        {
            yield return new Finding("remote", Verdict.Passed, "No remote is set: all that is served is local.")
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
            yield return new Finding("settings", Verdict.Passed, "Every setting is known, and has a value that it can have.");
        }
    }

    private static IEnumerable<ICheck> OfMachine(ProxyOptions options)
    {
        var folders = new List<FolderCheck>();
        if (options.Local.Endpoint is null)
        {
            folders.Add(new("data folder", options.Local.DataDirectory, Settings.DataDirectory.Name, IsStore: true));
            if (options.Cache.IsEnabled && options.Remotes.Count > 0)
            {
                folders.Add(new("cache folder", options.Cache.Directory, Settings.CacheDirectory.Name, IsStore: false));
            }
        }
        else
        {
            folders.Add(new("spool folder", options.Local.SpoolDirectory, Settings.SpoolDirectory.Name, IsStore: false));
        }

        return
        [
            .. folders,
            .. folders.Select(folder => new SpaceCheck("free space", folder.Folder, folder.Setting)),
            .. options.Listen.Urls.Concat(options.Management).Select(url => new PortCheck(url)),
        ];
    }

    /// <summary>What depends on something that failed is left out: it would say the same again.</summary>
    private async IAsyncEnumerable<Finding> OfRemoteAsync(RemoteChecks remote, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var first in (ICheck[])[new CredentialsCheck(remote, machine.Time), remote.Endpoint])
        {
            var finding = await first.RunAsync(cancellationToken);
            yield return finding;
            if (finding.Verdict == Verdict.Failed)
            {
                yield break;
            }
        }

        yield return await new ClockCheck(remote.Endpoint, remote.Name).RunAsync(cancellationToken);
        var buckets = remote.Buckets;
        if (buckets.Count == 0 && remote.Endpoint.Last!.Names is [var any, ..])
        {
            buckets = [remote.BucketOf(any)];
        }

        foreach (var bucket in buckets)
        {
            yield return await bucket.RunAsync(cancellationToken);
        }

        yield return await new ReadCheck(remote.Questions, remote.Name, buckets).RunAsync(cancellationToken);
    }
}
