using System.Security.Cryptography;
using System.Text;

namespace S3Overlay.Proxy.Hosting.WebConsole;

/// <summary>Links that sign in to the console once, for ten minutes. Only their hashes are kept, in memory.</summary>
internal sealed class SignInLinks(TimeProvider time)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <summary>The most links that wait to be used; the oldest is forgotten first.</summary>
    private const int Most = 100;

    /// <summary>The console's URL for a browser on this machine; null while there is no console.</summary>
    public Uri? Console { get; set; }

    private readonly Lock _lock = new();
    private readonly List<(byte[] Hash, string AccessKey, DateTimeOffset Ends)> _links = [];

    /// <summary>Makes a link for a key.</summary>
    /// <returns>Its URL, and when it stops working; null without a console.</returns>
    public (Uri Url, DateTimeOffset Ends)? Mint(string accessKey)
    {
        if (Console is not { } console)
        {
            return null;
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
        var now = time.GetUtcNow();
        lock (_lock)
        {
            _links.RemoveAll(link => link.Ends <= now);
            if (_links.Count >= Most)
            {
                _links.RemoveAt(0);
            }

            _links.Add((Hash(token), accessKey, now + Lifetime));
        }

        return (new Uri(console, $"sign-in/{token}"), now + Lifetime);
    }

    /// <summary>Uses a link up.</summary>
    /// <returns>Its access key; null if there is none, it was used, or it is too old.</returns>
    public string? Take(string token)
    {
        var hash = Hash(token);
        lock (_lock)
        {
            var at = _links.FindIndex(link => CryptographicOperations.FixedTimeEquals(link.Hash, hash));
            if (at < 0)
            {
                return null;
            }

            var (_, accessKey, ends) = _links[at];
            _links.RemoveAt(at);
            return ends > time.GetUtcNow() ? accessKey : null;
        }
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
