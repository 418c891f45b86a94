using System.Data.Common;

using S3Overlay.Proxy.Configuration.Checks;
using S3Overlay.Proxy.Configuration.Values;

namespace S3Overlay.Proxy.Configuration.Reading;

/// <summary>
/// The connection strings that an application host injects: <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c>. The
/// <c>S3_OVERLAY_*</c> settings win over them: the endpoint's over the endpoint, and any that says how to sign over both keys, so that no
/// pair is made of two halves.
/// </summary>
/// <param name="Name">The variable it came in.</param>
/// <param name="Endpoint">Where the store is.</param>
/// <param name="AccessKey">The access key; null where it has none, and then no secret key either.</param>
/// <param name="SecretKey">The secret key that belongs to it.</param>
internal sealed record ConnectionString(string Name, Uri Endpoint, string? AccessKey, string? SecretKey)
{
    /// <summary>Reads the one of this name; null where there is none, or where it is wrong (which is then among the errors).</summary>
    public static ConnectionString? Read(string name, SettingValues values, ConfigurationProblems problems)
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
            problems.Error(setting, null, $"{reason} Write Endpoint=http://host:port;AccessKey=...;SecretKey=...");
            return null;
        }
    }
}
