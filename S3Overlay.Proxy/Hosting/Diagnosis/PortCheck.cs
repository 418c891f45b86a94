using System.Net;
using System.Net.Sockets;

using S3Overlay.Proxy.Configuration;
using S3Overlay.ServiceDefaults;

namespace S3Overlay.Proxy.Hosting.Diagnosis;

/// <summary>Whether an address can be listened on, or a proxy listens there already.</summary>
/// <param name="Url">The address.</param>
internal sealed record PortCheck(string Url) : ICheck
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    /// <inheritdoc/>
    public async Task<Finding> RunAsync(CancellationToken cancellationToken)
    {
        var address = BindingAddress.Parse(Url);
        if (address.IsUnixPipe || address.IsNamedPipe || address.Port == 0)
        {
            return Found(Verdict.Passed, $"{Url} is no port of its own.");
        }

        try
        {
            using var socket = new TcpListener(HostOf(address.Host), address.Port);
            socket.Start();
            return Found(Verdict.Passed, $"{Url} is free.");
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => await IsProxyAsync(address, cancellationToken)
                    ? Found(Verdict.Passed, $"A proxy runs at {Url} already.")
                    : Found(Verdict.Failed, $"{Url} is in use by another program.",
                        $"Choose another port by {Settings.Port.Name}, or end that program."),
                SocketError.AccessDenied =>
                    Found(Verdict.Failed, $"This user may not listen on {Url}.", $"Choose a port from 1024 by {Settings.Port.Name}."),
                SocketError.AddressNotAvailable =>
                    Found(Verdict.Failed, $"{Url} is no address of this machine.", "Correct --urls, or ASPNETCORE_URLS."),
                _ => Found(Verdict.Failed, $"{Url} cannot be listened on: {failure.Message}", "Correct --urls, or ASPNETCORE_URLS."),
            };
        }
    }

    /// <summary>What the web server listens on for a host: a name that is no address is every interface.</summary>
    private static IPAddress HostOf(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback
        : IPAddress.TryParse(host.Trim('[', ']'), out var address) ? address
        : IPAddress.IPv6Any;

    private static async Task<bool> IsProxyAsync(BindingAddress address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { Timeout = Timeout };
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

    private Finding Found(Verdict verdict, string message, string? remedy = null) =>
        new("port", verdict, message, remedy) { Setting = Settings.Port.Name };
}
