using System.Text;

using S3Overlay.Proxy.Configuration.Keys;
using S3Overlay.Tests.Contract.Fuzz;
using S3Overlay.Tests.Support.Skipping;

namespace S3Overlay.Tests.Configuration;

/// <summary>Files of keys, damaged at random, are read or refused with a message.</summary>
public sealed class MutatedKeysFileTests
{
    private const string Keys = """
        [{"accessKey": "ann", "secretKey": "of-ann", "rights": {"photos-*": "read", "*/a/*": "write"}, "admin": true, "id": "abc",
          "displayName": "Ann", "local": {"accessKey": "a", "secretKey": "b", "sessionToken": "c"}},
         {"accessKey": "bob", "secretKey": "of-bob", "rights": {"*": "owner"}}]
        """;

    private const string Encryption =
        """{"master": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "oldMasters": ["AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="], """
        + """ "kms": {"name": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}}""";

    private static readonly int Count = FullRunAttribute.IsOn ? 20_000 : 1000;

    [Fact]
    public void Client_keys() => Damage(Keys, static content => KeysFile.Parse(content));

    [Fact]
    public void Encryption_keys() => Damage(Encryption, static content => EncryptionKeys.Parse(content));

    private static void Damage(string file, Action<byte[]> read)
    {
        var whole = Encoding.UTF8.GetBytes(file);
        read(whole);
        for (var seed = 0; seed < Count; seed++)
        {
            var content = new Mutator(seed).Mutate(whole);
            try
            {
                read(content);
            }
            catch (FormatException)
            {
                // Refused.
            }
            catch (Exception failure)
            {
                var shown = Convert.ToBase64String(content[..Math.Min(content.Length, 3000)]);
                Assert.Fail($"{failure.GetType().Name}: {failure.Message}\n{shown}");
            }
        }
    }
}
