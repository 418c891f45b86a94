using System.Net;
using System.Net.Sockets;

using S3Overlay.WebConsole.Gateway;

namespace S3Overlay.WebConsole.Security;

/// <summary>
/// Limits failed attempts to sign in: ten from one address at once, then one every six seconds; a hundred from all, then one every 0.6
/// seconds. A success does not count. This machine has only the first limit: others must not be able to lock its users out.
/// </summary>
internal sealed class SignInLimits(IProxy proxy)
{
    private const int OfAddress = 10;
    private const int OfAll = 100;

    /// <summary>Addresses to remember. Beyond that, those with nothing to remember are forgotten.</summary>
    private const int MostAddresses = 10_000;

    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, Bucket> _addresses = [];
    private Bucket _all = new(OfAll, proxy.Time.GetUtcNow());

    /// <summary>Whether there may be another attempt. Counts it.</summary>
    public bool TryBegin(IPAddress? from)
    {
        var (address, now) = (NetworkOf(from), proxy.Time.GetUtcNow());
        lock (_lock)
        {
            if (_addresses.Count >= MostAddresses)
            {
                foreach (var (idle, _) in _addresses.Where(each => each.Value.At(now, OfAddress).Left >= OfAddress).ToList())
                {
                    _addresses.Remove(idle);
                }
            }

            var own = _addresses.GetValueOrDefault(address, new(OfAddress, now)).At(now, OfAddress);
            _all = _all.At(now, OfAll);
            var isOfAll = !IPAddress.IsLoopback(address);
            if (own.Left < 1 || (isOfAll && _all.Left < 1))
            {
                return false;
            }

            _addresses[address] = own with { Left = own.Left - 1 };
            _all = isOfAll ? _all with { Left = _all.Left - 1 } : _all;
            return true;
        }
    }

    /// <summary>The attempt succeeded: it does not count.</summary>
    public void Succeed(IPAddress? from)
    {
        var address = NetworkOf(from);
        lock (_lock)
        {
            if (_addresses.TryGetValue(address, out var own))
            {
                _addresses[address] = own with { Left = Math.Min(OfAddress, own.Left + 1) };
            }

            _all = IPAddress.IsLoopback(address) ? _all : _all with { Left = Math.Min(OfAll, _all.Left + 1) };
        }
    }

    /// <summary>One customer has at least 2^64 addresses of IPv6.</summary>
    private static IPAddress NetworkOf(IPAddress? address)
    {
        if (address is null)
        {
            return IPAddress.None;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return address.MapToIPv4();
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return address;
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }

    /// <summary>Attempts that are left, which come back within a minute.</summary>
    private readonly record struct Bucket(double Left, DateTimeOffset Since)
    {
        public Bucket At(DateTimeOffset now, int most) => new(Math.Min(most, Left + ((now - Since) / Minute * most)), now);
    }
}
