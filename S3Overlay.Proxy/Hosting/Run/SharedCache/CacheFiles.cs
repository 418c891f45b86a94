using System.Security.Cryptography;
using System.Text.Json;

namespace S3Overlay.Proxy.Hosting.Run.SharedCache;

/// <summary>The files of one shared proxy in the cache folder.</summary>
/// <remarks>
/// <code>
///   run/salt           random bytes: names of proxies, which others can see, reveal no secret
///   run/starting       locked by who starts or ends a proxy
///   run/NAME.alive     locked by the proxy while it serves
///   run/NAME.users     locked, shared, by each run that uses it
///   run/NAME.proxy     its address and keys; only this user may read it
///   run/NAME.log       its warnings
///   stores/STORE/      the cache of one remote: lock, wanted, used, data
/// </code>
/// NAME depends on the salt, the program, the settings and the credentials, so that none of them is shared by accident.
/// </remarks>
/// <param name="root">The cache folder.</param>
/// <param name="name">The proxy's name.</param>
internal sealed class CacheFiles(string root, string name)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    public string Root => root;

    public string Stores => Path.Combine(root, "stores");

    public string Starting => Path.Combine(Folder, "starting");

    public string Alive => Path.Combine(Folder, name + ".alive");

    public string Users => Path.Combine(Folder, name + ".users");

    public string Proxy => Path.Combine(Folder, name + ".proxy");

    public string Log => Path.Combine(Folder, name + ".log");

    /// <summary>False once the folder was deleted: no run can find the proxy.</summary>
    public bool Exists => Directory.Exists(Folder);

    private string Folder => Path.Combine(root, "run");

    /// <summary>The user's cache folder, as the XDG base directory specification says.</summary>
    /// <exception cref="IOException">The user has none.</exception>
    public static string DefaultRoot()
    {
        if (OperatingSystem.IsWindows())
        {
            return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "s3overlay", "cache");
        }

        // The specification says to ignore relative paths.
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { } set && Path.IsPathRooted(set))
        {
            return Path.Combine(set, "s3overlay");
        }

        return Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) is { Length: > 0 } home
            ? Path.Combine(home, ".cache", "s3overlay")
            : throw new IOException("There is no home folder.");
    }

    /// <summary>The random bytes that names of proxies depend on. The first run creates them; equal for all runs.</summary>
    /// <param name="root">The cache folder.</param>
    /// <exception cref="IOException">They cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">They cannot be created or read.</exception>
    public static byte[] Salt(string root)
    {
        var files = new CacheFiles(root, "salt");
        files.Create();
        var path = Path.Combine(files.Folder, "salt");
        return FileLock.ReadOrCreatePrivate(path, RandomNumberGenerator.GetBytes(32));
    }

    /// <summary>Creates the folders. What is in them is this user's alone: keys, and objects of remotes.</summary>
    /// <exception cref="IOException">They cannot be created.</exception>
    /// <exception cref="UnauthorizedAccessException">They cannot be created, or belong to another user.</exception>
    public void Create()
    {
        foreach (var folder in (string[])[Folder, Stores])
        {
            Directory.CreateDirectory(folder);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(folder, Private);
            }
        }
    }

    /// <summary>The proxy's address and keys; null if it has not written them, or no longer serves.</summary>
    public CacheAddress? ReadAddress()
    {
        try
        {
            return JsonSerializer.Deserialize<CacheAddress>(File.ReadAllBytes(Proxy));
        }
        catch (Exception failure) when (failure is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Writes the proxy's address and keys.</summary>
    public void WriteAddress(CacheAddress address) => FileLock.WritePrivate(Proxy, JsonSerializer.SerializeToUtf8Bytes(address));

    /// <summary>Deletes the files of proxies that no longer serve. The caller has locked <see cref="Starting"/>.</summary>
    public void RemoveStale()
    {
        foreach (var alive in Directory.GetFiles(Folder, "*.alive"))
        {
            try
            {
                using var free = alive == Alive ? null : FileLock.TryTake(alive);
                if (free is not null)
                {
                    foreach (var ending in (string[])[".proxy", ".users", ".log", ".alive"])
                    {
                        File.Delete(Path.ChangeExtension(alive, ending));
                    }
                }
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Of another user.
            }
        }
    }
}

/// <summary>Where a shared proxy serves.</summary>
/// <param name="Endpoint">Its URL.</param>
/// <param name="AccessKey">The key to sign with, which may only read.</param>
/// <param name="SecretKey">The secret key for it.</param>
/// <param name="Store">The folder of its cache.</param>
/// <param name="Process">The number of its process.</param>
/// <param name="Linger">How long it runs on after its last user.</param>
internal sealed record CacheAddress(Uri Endpoint, string AccessKey, string SecretKey, string Store, int Process, TimeSpan Linger)
{
    /// <summary>The address without the secret.</summary>
    public override string ToString() => Endpoint.ToString();
}
