using System.Text.Json;

using S3Overlay.Proxy.Protocol.Access;
using S3Overlay.Proxy.Protocol.Authentication;

namespace S3Overlay.Proxy.Configuration.Keys;

/// <summary>Parses one entry of the keys file, and collects everything that is wrong with it.</summary>
internal sealed class KeyEntry
{
    private readonly List<string> _problems = [];

    /// <summary>Reads an entry.</summary>
    public KeyEntry(JsonElement entry)
    {
        if (entry.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("is not an object");
            Key = new("", "", [], false);
            return;
        }

        var (accessKey, secretKey) = (Text(entry, "accessKey"), Text(entry, "secretKey"));
        Name = accessKey.Length > 0 ? $" ({accessKey})" : "";
        RefuseTwice(entry, "");
        RefuseUnknown(entry, "", "accessKey", "secretKey", "rights", "admin", "local", "id", "displayName");
        CheckPair(accessKey, secretKey, "");
        var rights = Rights(entry);
        if (rights is null)
        {
            _problems.Add("needs rights such as {\"*\": \"write\"} or {\"photos-*\": \"read\"}");
        }

        if (entry.TryGetProperty("admin", out var admin) && admin.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            _problems.Add("has an admin that is not true or false");
        }

        Key = new(accessKey, secretKey, rights ?? [], admin.ValueKind == JsonValueKind.True) 
        {
            Local = Local(entry),
            Account = ReadAccount(entry),
        };
    }

    /// <summary>The key. Use it only if there are no problems.</summary>
    public ClientKey Key { get; }

    /// <summary>The access key in parentheses, for messages; empty if there is none.</summary>
    public string Name { get; } = "";

    /// <summary>Everything that is wrong with the entry. Contains no secret.</summary>
    public IReadOnlyList<string> Problems => _problems;

    private static string Text(JsonElement entry, string name) =>
        entry.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : "";

    private List<BucketRight>? Rights(JsonElement entry)
    {
        if (!entry.TryGetProperty("rights", out var rights) || rights.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        RefuseTwice(rights, " in \"rights\"");
        var read = new List<BucketRight>();
        foreach (var right in rights.EnumerateObject())
        {
            switch (right.Value.ValueKind == JsonValueKind.String ? right.Value.GetString() : null)
            {
                case "read":
                    read.Add(new(right.Name, AccessRight.Read));
                    break;
                case "write":
                    read.Add(new(right.Name, AccessRight.Write));
                    break;
                case "owner":
                    read.Add(new(right.Name, AccessRight.Owner));
                    break;
                default:
                    return null;
            }
        }

        // Such a right never applies. It is usually a mistake, such as a slash at the end.
        if (read.FindAll(static right => !right.MayCover()) is { Count: > 0 } never)
        {
            _problems.Add(
                $"has rights on {string.Join(", ", never.Select(static right => $"\"{right.Pattern}\""))}, "
                + "which no bucket or object can be called; write photos, photos-* or photos/2024/*");
        }

        return read;
    }

    /// <summary>The account that the entry names; null if it names none.</summary>
    private Account? ReadAccount(JsonElement entry)
    {
        var (id, name) = (Text(entry, "id"), Text(entry, "displayName"));
        if (!entry.TryGetProperty("id", out _))
        {
            if (entry.TryGetProperty("displayName", out _))
            {
                _problems.Add("has a displayName and no id");
            }

            return null;
        }

        if (!Account.IsId(id) || id == Account.Anonymous.Id)
        {
            _problems.Add("has an id that is not 1 to 128 printable ASCII characters without spaces and \"',:;/*?<>&");
            return null;
        }

        if (name.Length > 256 || name.Any(char.IsControl) || (entry.TryGetProperty("displayName", out var text)
            && text.ValueKind != JsonValueKind.String))
        {
            _problems.Add("has a displayName that is no such name");
        }

        return new(id, name.Length > 0 ? name : id);
    }

    /// <summary>The client's own keys for the local endpoint; null if the entry has none.</summary>
    private SigningCredentials? Local(JsonElement entry)
    {
        if (!entry.TryGetProperty("local", out var local))
        {
            return null;
        }

        if (local.ValueKind != JsonValueKind.Object)
        {
            _problems.Add("has a \"local\" that is not an object: {\"accessKey\": \"...\", \"secretKey\": \"...\"}");
            return null;
        }

        RefuseTwice(local, " in \"local\"");
        RefuseUnknown(local, " in \"local\"", "accessKey", "secretKey", "sessionToken");
        var (accessKey, secretKey, token) = (Text(local, "accessKey"), Text(local, "secretKey"), Text(local, "sessionToken"));
        CheckPair(accessKey, secretKey, " in \"local\"");
        if (local.TryGetProperty("sessionToken", out _) && (token.Length == 0 || token.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            _problems.Add("has a sessionToken in \"local\" that is empty, or is no such token");
        }

        return new(accessKey, secretKey, token);
    }

    private void CheckPair(string accessKey, string secretKey, string where)
    {
        if (accessKey.Length == 0 || secretKey.Length == 0)
        {
            _problems.Add($"lacks accessKey or secretKey{where}");
        }

        if (ClientKey.IsAmbiguous(accessKey) || (where.Length > 0 && accessKey.AsSpan().ContainsAnyExceptInRange('!', '~')))
        {
            _problems.Add($"has an accessKey{where} that holds a slash, comma, equals sign or space");
        }
    }

    /// <summary>If a name is there twice, only the last one would count.</summary>
    private void RefuseTwice(JsonElement entry, string where) => _problems.AddRange(entry.EnumerateObject()
        .GroupBy(static property => property.Name, StringComparer.Ordinal)
        .Where(static same => same.Count() > 1)
        .Select(same => $"has \"{same.Key}\"{where} twice"));

    private void RefuseUnknown(JsonElement entry, string where, params string[] known)
    {
        foreach (var property in entry.EnumerateObject())
        {
            if (!known.Contains(property.Name))
            {
                _problems.Add($"has \"{property.Name}\"{where}; known are {string.Join(", ", known)}");
            }
        }
    }
}
