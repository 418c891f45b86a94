using System.Data.Common;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>
/// A connection string that an application host injects: <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c>. The
/// <c>S3_OVERLAY_*</c> settings override it: the endpoint replaces its endpoint, and any setting about signing replaces both of its keys.
/// </summary>
/// <param name="Name">The variable's name.</param>
/// <param name="Endpoint">The store's URL.</param>
/// <param name="AccessKey">The access key; null if there are no keys.</param>
/// <param name="SecretKey">The secret key for it.</param>
internal sealed record ConnectionString(string Name, Uri Endpoint, string? AccessKey, string? SecretKey)
{
    /// <summary>Reads the connection string of a name. Null if it is not set, or invalid, which is an error.</summary>
    public static ConnectionString? Read(string name, SettingValues values)
    {
        var setting = $"ConnectionStrings__{name}";
        if (values.Text($"ConnectionStrings:{name}") is not { } text)
        {
            return null;
        }

        try
        {
            var parts = new DbConnectionStringBuilder { ConnectionString = text };
            string? Part(string part) => parts.TryGetValue(part, out var value) && value is string { Length: > 0 } found ? found : null;
            var endpoint = Part("Endpoint") ?? throw new FormatException("has no Endpoint.");
            var (access, secret) = (Part("AccessKey"), Part("SecretKey"));
            return (access is null) == (secret is null)
                ? new(setting, Parsers.Endpoint(endpoint)!, access, secret)
                : throw new FormatException(secret is null ? "has an AccessKey without a SecretKey."
                    : "has a SecretKey without an AccessKey.");
        }
        catch (Exception problem) when (problem is ArgumentException or FormatException)
        {
            // The text holds a secret, and the parser's message may quote it.
            var reason = problem is FormatException ? problem.Message : "cannot be read.";
            values.Problems.Error(setting, null, $"{reason} Write Endpoint=http://host:port;AccessKey=...;SecretKey=...");
            return null;
        }
    }
}
