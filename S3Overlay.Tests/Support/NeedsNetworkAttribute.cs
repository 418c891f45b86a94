using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;

using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Support;

/// <summary>A test that reaches this machine as others do: at an address that is not loopback.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class NeedsNetworkAttribute : NeedsAttribute
{
    /// <summary>Such an address; null if the machine has none.</summary>
    public static IPAddress? Address { get; } = NetworkInterface.GetAllNetworkInterfaces()
        .Where(static own => own.OperationalStatus == OperationalStatus.Up)
        .SelectMany(static own => own.GetIPProperties().UnicastAddresses.Select(static each => each.Address))
        .FirstOrDefault(static address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address));

    public override string? Missing => Address is null ? "This machine has no address but loopback." : null;
}
