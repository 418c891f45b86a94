using System.Data.Common;

namespace S3Overlay.Client;

/// <summary>
/// Reads <c>Endpoint=http://host:port;AccessKey=...;SecretKey=...</c> into settings. What it says of a wrong one never holds a value: one
/// of them is a secret.
/// </summary>
internal static class S3ConnectionString
{
    private const string Form = "Endpoint=http://host:port;AccessKey=...;SecretKey=...";

    /// <summary>Takes over every part of the string.</summary>
    /// <param name="text">The connection string.</param>
    /// <param name="settings">The settings that its parts win over.</param>
    /// <exception cref="FormatException">What cannot be read of it.</exception>
    public static void Apply(string text, S3ClientSettings settings)
    {
        foreach (var (name, value) in Split(text))
        {
            switch (name.ToUpperInvariant())
            {
                case "ENDPOINT":
                    settings.Endpoint = Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
                        ? url
                        : throw new FormatException("has an Endpoint that is no http:// or https:// URL.");
                    break;
                case "ACCESSKEY":
                    settings.AccessKey = value;
                    break;
                case "SECRETKEY":
                    settings.SecretKey = value;
                    break;
                case "REGION":
                    settings.Region = value;
                    break;
                case "BUCKET":
                    settings.Bucket = value;
                    break;
                case "FORCEPATHSTYLE":
                    settings.ForcePathStyle = bool.TryParse(value, out var force) ? force
                        : throw new FormatException("has a ForcePathStyle that is neither true nor false.");
                    break;
                default:
                    throw new FormatException(
                        $"has a part \"{name}\" that nothing reads. Write {Form}; Region, ForcePathStyle and Bucket may follow.");
            }
        }
    }

    /// <summary>Names what is missing, all of it at once; null where nothing is.</summary>
    public static string? WhatIsMissing(S3ClientSettings settings)
    {
        var missing = new List<string>();
        if (settings.Endpoint is null)
        {
            missing.Add("Endpoint");
        }

        if (string.IsNullOrEmpty(settings.AccessKey))
        {
            missing.Add("AccessKey");
        }

        if (string.IsNullOrEmpty(settings.SecretKey))
        {
            missing.Add("SecretKey");
        }

        return missing.Count == 0 ? null : $"has no {string.Join(" and no ", missing)}. Write {Form}.";
    }

    private static List<(string Name, string Value)> Split(string text)
    {
        var parts = new DbConnectionStringBuilder();
        try
        {
            parts.ConnectionString = text;
        }
        catch (ArgumentException)
        {
            // The parser's message may quote the text.
            throw new FormatException($"cannot be read. Write {Form}.");
        }

        return [.. parts.Keys.Cast<string>().Select(name => (name, (string)parts[name]))];
    }
}
