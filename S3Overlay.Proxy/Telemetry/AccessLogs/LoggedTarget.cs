using System.Text;

namespace S3Overlay.Proxy.Telemetry.AccessLogs;

/// <summary>Makes client text safe for logs: no secrets, and no characters that could fake a line or column.</summary>
internal static class LoggedTarget
{
    private static readonly string[] Secrets = ["X-Amz-Signature", "X-Amz-Security-Token", "Signature"];

    /// <summary>
    /// Replaces the values of signature and session token in a target or URL with <c>***</c>, so that a log cannot be replayed.
    /// </summary>
    public static string WithoutSecrets(string target)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        if (question < 0)
        {
            return target;
        }

        var parts = target[(question + 1)..].Split('&');
        for (var i = 0; i < parts.Length; i++)
        {
            // Names may be percent-encoded: the authenticator decodes them too.
            var equals = parts[i].IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && Secrets.Contains(Uri.UnescapeDataString(parts[i][..equals]), StringComparer.OrdinalIgnoreCase))
            {
                parts[i] = parts[i][..(equals + 1)] + "***";
            }
        }

        return $"{target[..question]}?{string.Join('&', parts)}";
    }

    /// <summary>
    /// A value in quotation marks. Control characters, quotation marks, backslashes and non-ASCII become <c>\xHH</c> of their UTF-8 bytes.
    /// </summary>
    public static string Quoted(string value) => value.Length == 0 ? "\"-\"" : $"\"{Escape(value, keepsSpaces: true)}\"";

    /// <summary>A value as one column: like <see cref="Quoted"/>, but without spaces. <c>-</c> if it is empty.</summary>
    public static string Column(string? value) => string.IsNullOrEmpty(value) ? "-" : Escape(value, keepsSpaces: false);

    private static string Escape(string value, bool keepsSpaces)
    {
        if (!value.AsSpan().ContainsAnyExceptInRange('!', '~') && !value.AsSpan().ContainsAny('"', '\\'))
        {
            return value;
        }

        var text = new StringBuilder(value.Length + 16);
        foreach (var part in Encoding.UTF8.GetBytes(value))
        {
            var isPlain = part is > (byte)' ' and <= (byte)'~' and not (byte)'"' and not (byte)'\\' || (keepsSpaces && part == ' ');
            _ = isPlain ? text.Append((char)part) : text.Append("\\x").Append(part.ToString("X2"));
        }

        return text.ToString();
    }
}
