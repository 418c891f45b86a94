using System.Data.Common;

namespace S3Overlay.Proxy.Configuration;

/// <summary>
/// The connection strings that an application host injects: <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c>. The
/// <c>S3_OVERLAY_*</c> settings win over them.
/// </summary>
internal sealed record ConnectionString(Uri? Endpoint, string? AccessKey, string? SecretKey)
{
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
            return new(Parsers.Endpoint(endpoint), Part("AccessKey"), Part("SecretKey"));
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
