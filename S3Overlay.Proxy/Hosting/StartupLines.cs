using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Configuration.Values;
using S3Overlay.Proxy.Hosting.Commands;

namespace S3Overlay.Proxy.Hosting;

/// <summary>The lines printed at the start. Only the well-known default keys are shown (rule A4).</summary>
public static class StartupLines
{
    /// <summary>
    /// The lines for a proxy at <paramref name="endpoint"/>, with its management port at <paramref name="management"/> if it has one.
    /// </summary>
    /// <param name="options">The settings.</param>
    /// <param name="endpoint">The S3 port.</param>
    /// <param name="management">The management port; null if there is none.</param>
    /// <param name="console">Where the web console is, or why not; null if it is turned off.</param>
    public static IEnumerable<string> For(ProxyOptions options, string endpoint, Uri? management = null, string? console = null)
    {
        yield return $"S3Overlay {CommandLine.Version} serves S3 on {endpoint}";
        if (options.Remotes.Count == 0)
        {
            yield return "  mode    local only, no remote is set";
        }
        else
        {
            var below = options.Remotes is [{ Name: "" } only] ? only.DisplayName
                : $"{options.Remotes.Count} remote{(options.Remotes.Count == 1 ? "" : "s")}";
            yield return $"  mode    overlay over {below} (only ever read), {Caching(options.Cache)}";
        }

        foreach (var remote in options.Remotes)
        {
            yield return options.Remotes is [{ Name: "" }]
                ? $"  buckets {Buckets(remote)}"
                : $"  remote  {(remote.Name.Length == 0 ? "" : remote.Name + " is ")}{remote.DisplayName}: {Backed(remote)}";
        }

        yield return options.Local.Endpoint is { } store
            ? $"  data    in the S3 store at {store}"
            : $"  data    {options.Local.DataDirectory}"
                + (options.Local.IsDurable ? "" : " (not synced: a power cut may lose the last writes)");
        if (options.Cache.IsEnabled && options.Remotes.Count > 0)
        {
            yield return $"  cache   {Place(options)}, {Bound(options)}";
        }

        yield return $"  keys    {Keys(options.Clients)}";
        if (management is not null)
        {
            yield return $"  watch   {management}health, alive and metrics";
        }

        if (console is not null)
        {
            yield return $"  console {console}";
        }

        yield return $"  try it  {Client(options.Clients)} --endpoint-url {endpoint} s3 {Trial(options)}";
        yield return "Ctrl-C ends it.";
    }

    private static string Caching(CacheOptions cache) => cache.IsEnabled
        ? $"caching on: chunks of {ByteSize.Format(cache.ChunkSize)} above {ByteSize.Format(cache.ChunkThreshold)}"
        : "caching off";

    internal static string Place(ProxyOptions options) => options switch
    {
        { Local.Endpoint: null } => options.Cache.Directory,
        _ => $"in the bucket {options.Cache.Bucket} there",
    };

    /// <summary>The cache's limits.</summary>
    private static string Bound(ProxyOptions options)
    {
        var free = options.Local.Endpoint is not null ? ""
            : options.Cache.MinFree is { } least ? $"{ByteSize.Format(least)} of its disk free"
            : "5 % or 1 GiB of its disk free";
        return options.Cache.MaxBytes is { } most ? $"at most {ByteSize.Format(most)}{(free.Length > 0 ? $", leaving {free}" : "")}"
            : free.Length > 0 ? $"may grow until it leaves {free}; {Settings.CacheMaxBytes.Name} bounds it"
            : $"may grow without a bound; {Settings.CacheMaxBytes.Name} sets one";
    }

    /// <summary>A first command: list something of the remote; without a remote, create a bucket.</summary>
    private static string Trial(ProxyOptions options)
    {
        if (options.Remotes.Count == 0)
        {
            return "mb s3://test";
        }

        var place = options.Remotes.SelectMany(remote => remote.Mapping).FirstOrDefault();
        return place is not null ? $"ls s3://{place.Here}"
            : options.Remotes.Any(remote => remote.Unmapped == UnmappedBuckets.Show) ? "ls"
            : "ls s3://BUCKET-OF-THE-REMOTE";
    }

    internal static string Buckets(RemoteOptions remote)
    {
        var mapped = remote.Mapping.Select(mapping => $"{mapping.Here} -> {mapping.There}");
        var others = remote.Unmapped switch
        {
            UnmappedBuckets.Deny => remote.Mapping.Count == 0 ? "all local only" : "all others local only",
            _ => remote.Mapping.Count == 0 ? "the same names there" : "others by the same name",
        };
        return string.Join(", ", mapped.Append(others));
    }

    /// <summary>The places of one remote of several.</summary>
    internal static string Backed(RemoteOptions remote)
    {
        var places = remote.Mapping.Select(mapping => mapping.Here == mapping.There ? mapping.Here : $"{mapping.Here} -> {mapping.There}");
        return string.Join(", ", remote.Unmapped == UnmappedBuckets.Deny ? places : places.Append("everything else"));
    }

    private static string Keys(ClientOptions clients) => clients switch
    {
        { Authentication: AuthenticationMode.None } => "none needed: anyone may read and write (S3_OVERLAY_AUTH=none)",
        { HasDefaultKeys: true } => $"{LocalOptions.DefaultKey} / {LocalOptions.DefaultKey} (the well-known default)",
        _ => $"from {clients.KeysOrigin}",
    };

    internal static string Client(ClientOptions clients)
    {
        if (clients.Authentication == AuthenticationMode.None)
        {
            return "aws --no-sign-request";
        }

        // Keys are not shown: the line uses the shell's variables instead.
        var (access, secret) = clients switch
        {
            { HasDefaultKeys: true } => (LocalOptions.DefaultKey, LocalOptions.DefaultKey),
            { KeysOrigin: "S3_OVERLAY_KEYS_FILE" or "ConnectionStrings__local" or "ConnectionStrings__minio" } => ("KEY", "SECRET"),
            { KeysOrigin: "S3_OVERLAY_LOCAL_ACCESS_KEY" } => ("$S3_OVERLAY_LOCAL_ACCESS_KEY", "$S3_OVERLAY_LOCAL_SECRET_KEY"),
            { KeysOrigin: "AWS_ACCESS_KEY_ID" } => ("$AWS_ACCESS_KEY_ID", "$AWS_SECRET_ACCESS_KEY"),
            _ => ("$S3_OVERLAY_ACCESS_KEY", "$S3_OVERLAY_SECRET_KEY"),
        };
        return $"AWS_ACCESS_KEY_ID={access} AWS_SECRET_ACCESS_KEY={secret} aws";
    }
}
