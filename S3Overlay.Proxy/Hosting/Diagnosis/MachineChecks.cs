using System.Globalization;
using System.Net;
using System.Net.Sockets;

using S3Overlay.Proxy.Configuration;
using S3Overlay.Proxy.Configuration.Options;
using S3Overlay.Proxy.Embedded;
using S3Overlay.Proxy.Embedded.Files;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Checks folders, free space and ports of this machine.</summary>
internal static class MachineChecks
{
    /// <summary>With less free space, hardly any write succeeds.</summary>
    private const long LeastFree = 64L << 20;

    /// <summary>With less free space, the disk is soon full.</summary>
    private const long LittleFree = 1L << 30;

    private static readonly TimeSpan ProxyTimeout = TimeSpan.FromSeconds(2);

    public static IEnumerable<Func<CancellationToken, Task<Finding>>> Of(ProxyOptions options)
    {
        var folders = new List<(string Subject, string Folder, Setting Setting)>();
        if (options.Local.Endpoint is not null)
        {
            folders.Add(("spool folder", options.Local.SpoolDirectory, Settings.SpoolDirectory));
        }
        else
        {
            folders.Add(("data folder", options.Local.DataDirectory, Settings.DataDirectory));
            if (options.Cache.IsEnabled && options.Remotes.Count > 0)
            {
                folders.Add(("cache folder", options.Cache.Directory, Settings.CacheDirectory));
            }
        }

        return
        [
            .. folders.Select(each => Blocking(() => Folder(each.Subject, each.Folder, each.Setting))),
            .. folders.Select(each => Blocking(() => Space(each.Folder, each.Setting.Name))),
            .. options.Listen.Urls.Concat(options.Management)
                .Select(url => (Func<CancellationToken, Task<Finding>>)(cancellationToken => PortAsync(url, cancellationToken))),
        ];

        static Func<CancellationToken, Task<Finding>> Blocking(Func<Finding> check) =>
            cancellationToken => Task.Run(check, cancellationToken);
    }

    /// <summary>Whether an address can be listened on. Passes if a proxy listens there already.</summary>
    public static async Task<Finding> PortAsync(string url, CancellationToken cancellationToken)
    {
        var address = BindingAddress.Parse(url);
        if (address.IsUnixPipe || address.IsNamedPipe || address.Port == 0)
        {
            return Found(Verdict.Passed, $"{url} is no port of its own.");
        }

        try
        {
            using var socket = new TcpListener(HostOf(address.Host), address.Port);
            socket.Start();
            return Found(Verdict.Passed, $"{url} is free.");
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => await IsProxyAsync(address, cancellationToken)
                    ? Found(Verdict.Passed, $"A proxy runs at {url} already.")
                    : Found(Verdict.Failed, $"{url} is in use by another program.",
                        $"Choose another port with {Settings.Port.Name}, or end that program."),
                SocketError.AccessDenied => Found(Verdict.Failed, $"This user may not listen on {url}.",
                    $"Choose a port from 1024 with {Settings.Port.Name}."),
                SocketError.AddressNotAvailable =>
                    Found(Verdict.Failed, $"{url} is not an address of this machine.", "Correct --urls, or ASPNETCORE_URLS."),
                _ => Found(Verdict.Failed, $"{url} cannot be listened on: {failure.Message}", "Correct --urls, or ASPNETCORE_URLS."),
            };
        }

        static Finding Found(Verdict verdict, string message, string? remedy = null) =>
            new("port", verdict, message, remedy) { Setting = Settings.Port.Name };
    }

    /// <summary>Checks the spool at the start: otherwise fills and uploads would fail much later.</summary>
    /// <exception cref="StartupException">It cannot be written to.</exception>
    public static void RequireSpool(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            TryWrite(folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"The folder {folder} for bytes on their way to the local store cannot be written to: {failure.Message} "
                + $"Set {Settings.SpoolDirectory.Name} to one that can.", failure);
        }
    }

    private static void TryWrite(string folder) => new FileStream(Path.Combine(folder, ".s3overlay-trial-" + Path.GetRandomFileName()),
        FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose).Dispose();

    /// <summary>Whether this user can write to a folder, and, for the data folder, whether it belongs to the store.</summary>
    private static Finding Folder(string subject, string folder, Setting setting)
    {
        var nearest = NearestOf(folder);
        try
        {
            if (setting == Settings.DataDirectory)
            {
                EmbeddedStore.RequireOwn(folder);
            }

            TryWrite(nearest);
            return Found(Verdict.Passed, nearest == Path.GetFullPath(folder) ? $"{folder} can be written to."
                : $"{folder} does not exist yet, and can be created.");
        }
        catch (StoreUnavailableException refusal)
        {
            return Found(Verdict.Failed, refusal.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return Found(
                Verdict.Failed,
                File.Exists(nearest) ? $"{nearest} is a file, so {folder} cannot be a folder."
                    : $"{folder} cannot be written to by this user ({Environment.UserName}).",
                $"Let this user write there, or set {setting.Name} to another folder.");
        }

        Finding Found(Verdict verdict, string message, string? remedy = null) =>
            new(subject, verdict, message, remedy) { Setting = setting.Name };
    }

    private static Finding Space(string folder, string setting)
    {
        long free;
        try
        {
            free = new DriveInfo(NearestOf(folder)).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Found(Verdict.Undecided, $"Cannot read how much space is left for {folder}: {failure.Message}");
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 30):0.0} GiB are free for {folder}.");
        return free < LeastFree ? Found(Verdict.Failed, text, $"Make room on that disk, or set {setting} to a folder on another.")
            : free < LittleFree ? Found(Verdict.Undecided, text, $"Make room on that disk soon, or set {setting} to a folder on another.")
            : Found(Verdict.Passed, text);

        Finding Found(Verdict verdict, string message, string? remedy = null) =>
            new("free space", verdict, message, remedy) { Setting = setting };
    }

    /// <summary>The folder, or the nearest existing one above it.</summary>
    private static string NearestOf(string folder)
    {
        var nearest = Path.GetFullPath(folder);
        while (!Directory.Exists(nearest) && !File.Exists(nearest) && Path.GetDirectoryName(nearest) is { } above)
        {
            nearest = above;
        }

        return nearest;
    }

    /// <summary>Like the web server: a name that is not an address is every interface.</summary>
    private static IPAddress HostOf(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address
        : IPAddress.IPv6Any;

    private static async Task<bool> IsProxyAsync(BindingAddress address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = ProxyTimeout };
        try
        {
            var page = new Uri(RunningProxy.Reachable(address.ToString()) + HealthPage.AlivePath);
            return (await http.GetStringAsync(page, cancellationToken)).StartsWith("{\"status\":", StringComparison.Ordinal);
        }
        catch (Exception failure)
            when (failure is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
