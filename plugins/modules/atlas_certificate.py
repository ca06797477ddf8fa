#!/usr/bin/python
# Copyright (c) 2026, globalsign.atlas contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep certificates from GlobalSign Atlas on a node."""

DOCUMENTATION = r"""
module: atlas_certificate
short_description: Keep certificates from GlobalSign Atlas on a node
version_added: 0.1.0
author:
  - globalsign.atlas contributors (@globalsign)
description:
  - Sees to it that a certificate with the stated names is on the node, with its private key and its chain, and is
    replaced in time. What is there and as wanted is left alone, without a request to Atlas.
  - The private key is made on the node and never leaves it. The account's credentials stay on the controller, unless
    O(api_from=node).
  - A request that the account's validation policy forbids is refused before it is sent, in check mode too.
  - What is about to be asked for is recorded on the node's disk, with the new private key, before the request is
    sent. A run that was cut off is continued by the next one, which looks up and adopts what was issued.
  - All files of a certificate are written beside their targets first, and then put in place together, see O(layout).
  - Names of public certificates must be covered by a verified domain claim, see M(globalsign.atlas.atlas_domain_claim).
extends_documentation_fragment:
  - globalsign.atlas.connection
requirements:
  - On the controller, requests >= 2.31 and cryptography >= 3.3
  - On the node, cryptography >= 3.3, and requests >= 2.31 too if O(api_from=node)
attributes:
  action:
    description: Runs on the controller, through an action plugin of the same name.
    support: full
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
    details:
      - A folder that does not exist is no failure in check mode, because a task before this one may be about to
        create it. It is returned in RV(certificates[].missing_folders).
      - What the service would refuse, since no verified claim covers a name or the quota is used up, is an error in
        check mode too. O(validate) is not run.
  diff_mode:
    description:
      - Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode.
    support: full
options:
  state:
    description:
      - V(present) keeps the certificate. It is requested, replaced or mended when that is due.
      - V(absent) removes the files, and the collection's own records of them. The private key, and files with one
        in them, stay unless O(remove_privatekey=true). Nothing is revoked.
      - V(revoked) revokes the deployed certificate with O(revocation_reason). One that is revoked already is left as
        it is. The files stay in place and a service goes on serving them, which is why O(allow_live=true) is needed.
        The private key has to be on the node, which shows with it that the certificate is its own, and the names have
        to be those of the task.
      - V(confirmed) says that what was installed with O(acknowledge=later) works. What was kept to switch back is
        dropped, and then what was superseded is revoked, if O(revoke_superseded=true).
      - V(previous) switches back to the set that was there before, and keeps the new one. The next run with V(present)
        installs the kept set again, and buys no other while that one is as the task states.
      - With V(confirmed) and V(previous), what was acknowledged before is left alone.
    type: str
    choices: [present, absent, revoked, confirmed, previous]
    default: present
  acknowledge:
    description:
      - When a change counts as told and working.
      - V(task) acknowledges it at the end of the task.
      - V(later) waits for a task with O(state=confirmed) or O(state=previous), and keeps what was there before until
        then. So does the role, which looks at what the reloaded service serves in between.
      - A set that was installed but never acknowledged, because the run was cut off or nobody confirmed it, is
        reported as changed again by the next run, as C(unacknowledged). So a handler that was lost is notified again.
    type: str
    choices: [task, later]
    default: task
  api_from:
    description:
      - From where the requests to Atlas are made.
      - With V(controller), the node needs no way to Atlas and sees no credential.
      - With V(node), all of them are made by the managed node, for sites where only that reaches Atlas. It then needs
        requests >= 2.31, and gets the credentials for the time of the task.
    type: str
    choices: [controller, node]
    default: controller
  check_revocation:
    description:
      - Ask Atlas whether the deployed certificates were revoked, with one request for each in every run. A revoked
        one is replaced, with a new private key.
      - Without it, only a revocation by this collection is known.
    type: bool
    default: false
  max_issue:
    description:
      - How many certificates the task may request at most. If more are due it fails before the first request.
      - The default is the number of its certificates.
    type: int
  allowed_names:
    description:
      - The names that the task may ask for. A certificate with another name fails before anything is asked for.
      - V(example.com) allows exactly this name, V(*.example.com) all names below it.
      - An IP address or a network such as V(10.0.0.0/8) allows addresses, an e-mail address exactly this one, and
        V(@example.com) all addresses in this domain.
      - A guard for where names come from an inventory or from others. It is applied where the requests are made, see
        O(api_from).
      - All names are allowed if it is not given, none if it is an empty list.
    type: list
    elements: str
  min_quota:
    description:
      - How many certificates must be left in the account's quota after this task. If fewer would be, it fails before
        the first request.
      - What other hosts of the same run are about to request counts as used.
      - Not looked at if it is not given, or if nothing is due.
    type: int
  settle:
    description:
      - How many seconds to wait before a request whose fate is unknown is sent again, after nothing was found at Atlas.
      - It has to cover the time that Atlas takes to issue a certificate, and the lag of its statistics.
    type: int
    default: 60
  lookup_max:
    description: How many certificates to fetch at most when looking for one whose answer was lost.
    type: int
    default: 1000
  return_content:
    description:
      - Return the certificate, its issuers and the root in PEM format, as RV(certificates[].certificate),
        RV(certificates[].chain) and RV(certificates[].root). Private keys are never returned.
      - A certificate without any file is always returned so.
    type: bool
    default: false
  remove_privatekey:
    description: Whether O(state=absent) removes the private key too, and files with one in them.
    type: bool
    default: false
  revocation_reason:
    description:
      - Why a certificate is revoked. Required with O(state=revoked).
      - For O(revoke_superseded) the default is V(superseded).
    type: str
    choices: [unspecified, keyCompromise, affiliationChanged, cessationOfOperation, superseded, privilegeWithdrawn]
  compromised_at:
    description:
      - Since when the private key may be in other hands, in ISO 8601 with its time zone, such as
        V(2027-03-01T12:00:00Z). A date alone is midnight, UTC.
      - Only with O(revocation_reason=keyCompromise). An attestation that is signed with the deployed key is sent
        along then, whether this is given or not.
    type: str
  allow_live:
    description:
      - Allow O(state=revoked) although the files stay in place, so that a service goes on serving a certificate that
        clients refuse.
      - To replace and revoke instead, use O(state=present) with O(force=true) and O(revoke_superseded=true).
    type: bool
    default: false
  path: &path
    description:
      - Path on the node of the certificate, in PEM format, without its issuers.
      - One of O(path), O(fullchain_path) or an entry of O(files) with the certificate in it is required. The
        exception is a key that lives elsewhere, see O(csr_path).
      - All paths are absolute, and their folders have to exist.
    type: str
  privatekey_path: &privatekey_path
    description:
      - Path on the node of the private key, in PEM format, see O(privatekey_format) and O(privatekey_passphrase).
      - Required, unless an entry of O(files) has the private key in it, or the key lives elsewhere.
    type: str
  chain_path: &chain_path
    description:
      - Path on the node of the issuers of the certificate, the nearest first, without the self-signed root.
      - No file is written if the root itself issued the certificate.
    type: str
  fullchain_path: &fullchain_path
    description: Path on the node of the certificate followed by its issuers, without the self-signed root.
    type: str
  files: &files
    description:
      - Further files with several parts in one, or in PKCS#12 format.
      - They are put in place together with the others, and mended as they are.
    type: list
    elements: dict
    suboptions:
      path:
        description: Path of the file on the node.
        type: str
        required: true
      contains:
        description:
          - What is in the file, in this order. V(chain) are the issuers without the self-signed V(root).
          - HAProxy, for one, reads V(certificate), V(chain), V(privatekey).
          - In a PKCS#12 file, V(privatekey) goes with V(certificate), and the order has no meaning.
        type: list
        elements: str
        choices: [privatekey, certificate, chain, root]
        required: true
      format:
        description:
          - Format of the file, V(pem) by default.
          - A PKCS#12 file is not rewritten unless its content changes.
        type: str
        choices: [pem, pkcs12]
      passphrase:
        description: Protects the private key in the file, or the PKCS#12 file as a whole.
        type: str
      owner:
        description: User who owns the file. The default is O(owner).
        type: str
      group:
        description: Group of the file. The default is O(group).
        type: str
      mode:
        description:
          - Mode of the file, as an octal number in quotes.
          - The default is O(privatekey_mode), so V('0600'), when it contains the private key, else O(mode).
        type: raw
  state_dir: &state_dir
    description:
      - Folder on the node for the collection's records. They tell what was obtained and what was begun, and hold the
        private key of a request until that is settled. It serves any number of certificates.
      - The default is C(/var/lib/globalsign-atlas) for root, and C(~/.local/state/globalsign-atlas) for other users.
      - Nobody but root and the user of the task may be able to change anything in it or on the way to it.
      - When no file is to be written, because the key lives elsewhere, the certificate is returned as if
        O(return_content=true). Two such certificates for the same names need a folder each.
    type: str
  layout: &layout
    description:
      - How the files of a certificate are replaced together.
      - With V(plain), the default, they are regular files that are replaced by consecutive renames, the private key
        last.
      - With V(linked), the paths become symbolic links into a folder of O(state_dir), and one rename switches all of
        them at once. Files that are there already are adopted.
      - What each guarantees is in the notes.
    type: str
    choices: [plain, linked]
  follow: &follow
    description:
      - What to do where there is a symbolic link at the path of a file.
      - V(true), the default, follows it and replaces what it leads to. V(false) refuses it.
      - The links of O(layout=linked) are not meant.
      - A link that another user than root or the one who runs the task made or could exchange is refused in either
        case, as is one on the way to the folder.
    type: bool
  owner: &owner
    description:
      - User who owns the files. The default is the owner of the file that is replaced, or who runs the task.
      - Where others than root and who runs the task can put files, the default is who runs the task.
    type: str
  group: &group
    description: Group of the files. The default is as that of O(owner).
    type: str
  mode: &mode
    description: Mode of all files without a private key, as an octal number in quotes. The default is V('0644').
    type: raw
  privatekey_mode: &privatekey_mode
    description: Mode of the private key, as an octal number in quotes. The default is V('0600').
    type: raw
  validate: &validate
    description:
      - A command to run on the node after the files were switched, such as V(nginx -t). It is run without a shell.
      - If it fails, the files are switched back at once and the task fails. The new certificate is held and tried
        again by the next run, which buys no other.
    type: str
  backup: &backup
    description:
      - Keep the sets that are replaced, with their private keys, in the record folder, readable by its owner only.
      - If it is switched off, earlier backups are removed at the next replacement.
      - The default is V(false).
    type: bool
  backup_count: &backup_count
    description: How many replaced sets O(backup) keeps, the newest ones. The default is V(3).
    type: int
  subject: &subject
    description:
      - Attributes of the subject. Which of them may, must or must not be given is the account's validation policy.
      - The attributes that the policy calls C(STATIC) are added by the service. Giving one with the same value is
        allowed.
      - Attributes that are not given are not compared with those of the certificate.
    type: dict
    suboptions:
      common_name:
        description: Common name. For a server certificate it must be one of O(san.dns_names) too.
        type: str
      given_name:
        description: Given name.
        type: str
      surname:
        description: Surname.
        type: str
      pseudonym:
        description: Pseudonym.
        type: str
      organization:
        description: Organization.
        type: str
      organizational_unit:
        description: Organizational units.
        type: list
        elements: str
      organization_identifier:
        description: Organization identifier, such as V(NTRNL-00112233).
        type: str
      country:
        description: Country as two capital letters (ISO 3166-1).
        type: str
      state:
        description: State or province.
        type: str
      locality:
        description: Locality.
        type: str
      street_address:
        description: Street address.
        type: str
      postal_code:
        description: Postal code.
        type: str
      email:
        description: E-mail address in the subject.
        type: str
      serial_number:
        description: The subject's serial number. This is not the serial number of the certificate.
        type: str
      jurisdiction_of_incorporation_locality_name:
        description: Locality of the jurisdiction of incorporation.
        type: str
      jurisdiction_of_incorporation_state_or_province_name:
        description: State or province of the jurisdiction of incorporation.
        type: str
      jurisdiction_of_incorporation_country_name:
        description: Country of the jurisdiction of incorporation.
        type: str
      business_category:
        description: Business category.
        type: str
      extra_attributes:
        description: Attributes that have no option of their own.
        type: list
        elements: dict
        suboptions: &by_oid
          type:
            description: The dotted object identifier (OID) that says what it is.
            type: str
            required: true
          value:
            description: The value, as text.
            type: str
  san: &san
    description:
      - Subject alternative names. They are compared with those of the certificate as sets.
      - Kinds of names that are not given are not compared.
    type: dict
    suboptions:
      dns_names:
        description: DNS names, internationalised ones in either form. A name may begin with C(*.).
        type: list
        elements: str
      emails:
        description: E-mail addresses.
        type: list
        elements: str
      ip_addresses:
        description: IPv4 and IPv6 addresses.
        type: list
        elements: str
      uris:
        description: URIs.
        type: list
        elements: str
      other_names:
        description: Names of other kinds, such as Microsoft's user principal name (UPN), V(1.3.6.1.4.1.311.20.2.3).
        type: list
        elements: dict
        suboptions: *by_oid
  extended_key_usages: &extended_key_usages
    description:
      - What the certificate may be used for, as OIDs or as names such as V(server_auth), V(client_auth),
        V(code_signing), V(email_protection), V(time_stamping) and V(ocsp_signing).
      - The default is what the policy prescribes.
    type: list
    elements: str
  key_usages: &key_usages
    description: What the key may be used for. The default is what the policy prescribes.
    type: list
    elements: str
    choices:
      - digital_signature
      - content_commitment
      - key_encipherment
      - data_encipherment
      - key_agreement
      - key_certificate_sign
      - crl_sign
      - encipher_only
      - decipher_only
  subject_directory_attributes: &subject_directory_attributes
    description: Attributes of the person that the certificate is for, as the policy allows them.
    type: dict
    suboptions:
      gender:
        description: Gender, V(M) or V(F).
        type: str
      date_of_birth:
        description: Date of birth, such as V(1980-12-31).
        type: str
      place_of_birth:
        description: Place of birth.
        type: str
      country_of_citizenship:
        description: Countries of citizenship as two capital letters each (ISO 3166-1).
        type: list
        elements: str
      country_of_residence:
        description: Countries of residence as two capital letters each (ISO 3166-1).
        type: list
        elements: str
      extra_attributes:
        description: Attributes that have no option of their own.
        type: list
        elements: dict
        suboptions: *by_oid
  qualified_statements: &qualified_statements
    description: Statements of a qualified certificate (RFC 3739, ETSI EN 319 412-5), as the policy allows them.
    type: dict
    suboptions:
      semantics:
        description: How names and identifiers in the certificate are meant.
        type: dict
        suboptions:
          identifier:
            description: OID of the semantics.
            type: str
          name_authorities:
            description: Who is responsible for names, such as URIs of the authorities.
            type: list
            elements: str
      etsi_qc_compliance:
        description: That it is a qualified certificate.
        type: bool
      etsi_qc_sscd_compliance:
        description: That the private key is in a qualified device for the creation of signatures.
        type: bool
      etsi_qc_type:
        description:
          - OID of the type of qualified certificate, such as V(0.4.0.1862.1.6.3) for the authentication of websites.
        type: str
      etsi_qc_retention_period:
        description: For how many years after its end the certificate's records are kept.
        type: int
      etsi_qc_pds:
        description: Disclosure statements, as language (two letters) and URL.
        type: dict
  ms_template: &ms_template
    description: Microsoft's certificate template extension.
    type: dict
    suboptions:
      id:
        description: OID of the template.
        type: str
        required: true
      major_version:
        description: Major version of the template.
        type: int
      minor_version:
        description: Minor version of the template.
        type: int
  custom_extensions: &custom_extensions
    description: Further extensions, as OID and text. What the text has to be is said by the policy.
    type: dict
  signature: &signature
    description: How the certificate is to be signed, where the policy leaves a choice.
    type: dict
    suboptions:
      algorithm:
        description: Algorithm of the signature.
        type: str
        choices: [RSA, RSA-PSS, ECDSA]
      hash_algorithm:
        description: Hash algorithm of the signature.
        type: str
        choices: [SHA-256, SHA-384, SHA-512]
  valid_for: &valid_for
    description:
      - For how long a new certificate is to be valid, as a duration such as V(90d), V(72h) or V(90m).
      - The default is the longest that the policy allows.
      - Neither this nor O(not_before) nor O(not_after) is a reason to replace a certificate that is there.
      - Mutually exclusive with O(not_after).
    type: str
  not_before: &not_before
    description:
      - When a new certificate is to start, in ISO 8601 with its time zone. A date alone is midnight, UTC.
      - The default is now, a few seconds earlier if the policy allows that.
    type: str
  not_after: &not_after
    description:
      - When a new certificate is to end, in ISO 8601 with its time zone. A date alone is midnight, UTC.
      - A fixed date has to be moved on before each renewal; O(valid_for) has not.
      - Mutually exclusive with O(valid_for).
    type: str
  privatekey_type: &privatekey_type
    description:
      - Type of the private key.
      - V(auto), the default, takes what the policy allows, and is no reason to replace a certificate whose key is of
        another type.
    type: str
    choices: [auto, RSA, ECDSA]
  privatekey_size: &privatekey_size
    description:
      - Size of the private key in bits, such as V(2048), V(3072) and V(4096) for RSA, V(256), V(384) and V(521) for
        ECDSA.
      - The default is the smallest that the policy allows, for RSA at least 2048.
    type: int
  privatekey_rotation: &privatekey_rotation
    description:
      - V(on_renewal), the default, makes a new private key for each new certificate.
      - V(never) keeps the one that is there as long as it fits, for clients that pin it. A revoked certificate always
        gets a new key. One that belongs to another user than root, who runs the task, and O(owner) is refused.
    type: str
    choices: [on_renewal, never]
  privatekey_format: &privatekey_format
    description:
      - Format of the private key in PEM files, V(pkcs8) by default.
      - V(pkcs1) is the traditional format of its type, C(RSA PRIVATE KEY) or C(EC PRIVATE KEY).
    type: str
    choices: [pkcs8, pkcs1]
  privatekey_passphrase: &privatekey_passphrase
    description: Encrypts the file O(privatekey_path). By default it is not encrypted.
    type: str
  csr_path: &csr_path
    description:
      - Path on the node of a certificate signing request (CSR), in PEM format, whose private key lives elsewhere,
        such as in an HSM or on an appliance. No private key is made or kept on the node then.
      - The names still come from the task, not from the CSR.
      - At most one of O(csr_path), O(csr_content), O(public_key_path) and O(public_key_content) may be given, and
        none of O(privatekey_path), O(privatekey_size) and O(privatekey_passphrase) with it.
    type: str
  csr_content: &csr_content
    description: The certificate signing request itself, in PEM format, instead of O(csr_path).
    type: str
  public_key_path: &public_key_path
    description:
      - Path on the node of a public key, in PEM format, whose private key lives elsewhere. As O(csr_path), for
        accounts whose policy wants the public key alone.
    type: str
  public_key_content: &public_key_content
    description: The public key itself, in PEM format, instead of O(public_key_path).
    type: str
  public_key_signature: &public_key_signature
    description:
      - The proof of possession of a private key that lives elsewhere, in base64, where the policy requires it.
      - It is the signature that the holder of the key makes over the public key in DER format, with SHA-256.
    type: str
  renew_before: &renew_before
    description:
      - How long before its end a certificate is replaced.
      - A duration such as V(30d), V(72h) or V(90m), or a share of the certificate's lifetime below 80 % such as V(33%).
      - V(auto), the default, is a third of the lifetime and at most 30 days; a half for lifetimes of 10 days or less.
    type: str
  renew_spread: &renew_spread
    description:
      - Spreads the renewals of a fleet. Each certificate is due later than O(renew_before) says, by up to this
        duration, such as V(5d), and by at most half of O(renew_before).
      - How much later is derived from its serial number, so it is the same in each run.
      - Renewals are not spread by default.
    type: str
  force: &force
    description: Replace the certificate even if nothing is due. The default is V(false).
    type: bool
  rekey: &rekey
    description:
      - Use the rekey of Atlas for replacements that concern only the key, which are those for O(privatekey_type),
        O(privatekey_size) and O(force). The new certificate has the same names and the same end.
      - The default is V(false), which requests a certificate as for any other reason. So it is done, too, if the
        deployed certificate is not one that this collection obtained. Not for a key that lives elsewhere.
    type: bool
  replace_foreign: &replace_foreign
    description:
      - Replace a certificate that this collection did not obtain, even if it is as wanted.
      - V(false), the default, keeps it until it is due, with a warning.
    type: bool
  revoke_superseded: &revoke_superseded
    description:
      - Revoke a certificate that was replaced, once the new one is installed and acknowledged, see O(acknowledge).
        The reason is O(revocation_reason), V(superseded) by default.
      - What could not be revoked is a warning, and is tried again by the next run.
      - With O(revocation_reason=keyCompromise) the new certificate always has a new key, and backups with the old one
        are removed.
      - The default is V(false). Make sure that nothing else still uses the old one. Not for a key that lives elsewhere.
    type: bool
  certificates:
    description:
      - Several certificates on the same node at once, with one remote call for each step and one login for all.
      - What an item leaves out is taken from the option of the same name beside O(certificates), for options with
        members, such as O(certificates[].subject) and O(certificates[].san), member by member. Lists are taken as a
        whole.
      - One that fails does not stop the others; the task fails at the end with the reasons of all.
      - Mutually exclusive with O(path), O(privatekey_path), O(chain_path), O(fullchain_path) and O(files) beside it,
        which an item states for itself.
    type: list
    elements: dict
    suboptions:
      path: *path
      privatekey_path: *privatekey_path
      chain_path: *chain_path
      fullchain_path: *fullchain_path
      files: *files
      state_dir: *state_dir
      layout: *layout
      follow: *follow
      owner: *owner
      group: *group
      mode: *mode
      privatekey_mode: *privatekey_mode
      validate: *validate
      backup: *backup
      backup_count: *backup_count
      subject: *subject
      san: *san
      extended_key_usages: *extended_key_usages
      key_usages: *key_usages
      subject_directory_attributes: *subject_directory_attributes
      qualified_statements: *qualified_statements
      ms_template: *ms_template
      custom_extensions: *custom_extensions
      signature: *signature
      valid_for: *valid_for
      not_before: *not_before
      not_after: *not_after
      privatekey_type: *privatekey_type
      privatekey_size: *privatekey_size
      privatekey_rotation: *privatekey_rotation
      privatekey_format: *privatekey_format
      privatekey_passphrase: *privatekey_passphrase
      csr_path: *csr_path
      csr_content: *csr_content
      public_key_path: *public_key_path
      public_key_content: *public_key_content
      public_key_signature: *public_key_signature
      renew_before: *renew_before
      renew_spread: *renew_spread
      force: *force
      rekey: *rekey
      replace_foreign: *replace_foreign
      revoke_superseded: *revoke_superseded
seealso:
  - module: globalsign.atlas.atlas_domain_claim
  - module: globalsign.atlas.atlas_trustchain
  - module: globalsign.atlas.atlas_info
  - module: globalsign.atlas.endpoint_info
notes:
  - With O(layout=plain), each file is the old one or the new one at any time, never a torn one. Certificate and
    private key may not match between the renames, which is about 0.1 ms, or after a crash until the next run.
  - With O(layout=linked), all files are switched by one rename, and are consistent after any crash.
  - A program that opens two files by their paths, one after the other, may straddle the switch with either layout.
    Reload the service only after the task.
  - A certificate is requested exactly once. What is asked for is on the node's disk before the request is sent. If
    its answer is lost, or the run is cut off, the next run looks for what was issued, and adopts it.
  - That is not promised for a node that loses its disk or is cloned, nor if the credentials are changed in between.
  - With O(api_from=node), what these notes say of credentials does not hold. The node gets them, and runs the whole
    task.
"""

EXAMPLES = r"""
- name: Keep the certificate of a web server
  globalsign.atlas.atlas_certificate:
    path: /etc/ssl/www/cert.pem
    privatekey_path: /etc/ssl/www/key.pem
    chain_path: /etc/ssl/www/chain.pem
    fullchain_path: /etc/ssl/www/fullchain.pem
    subject:
      common_name: www.example.com
    san:
      dns_names: [www.example.com, example.com]
    renew_before: 30d
  notify: Reload nginx

- name: Keep many certificates at once
  globalsign.atlas.atlas_certificate:
    owner: root
    group: ssl-cert
    privatekey_mode: "0640"
    renew_before: 33%
    renew_spread: 5d
    allowed_names: [example.com, "*.example.com"]
    certificates:
      - fullchain_path: /etc/ssl/www/fullchain.pem
        privatekey_path: /etc/ssl/www/key.pem
        san:
          dns_names: [www.example.com, example.com]
      - fullchain_path: /etc/ssl/api/fullchain.pem
        privatekey_path: /etc/ssl/api/key.pem
        privatekey_type: ECDSA
        privatekey_size: 384
        san:
          dns_names: [api.example.com]

- name: Keep one file for HAProxy, and a PKCS#12 file for a Java service, with the same certificate
  globalsign.atlas.atlas_certificate:
    san:
      dns_names: [shop.example.com]
    files:
      - path: /etc/haproxy/certs/shop.pem
        contains: [certificate, chain, privatekey]
        group: haproxy
        mode: "0640"
      - path: /etc/shop/keystore.p12
        contains: [privatekey, certificate, chain]
        format: pkcs12
        passphrase: "{{ vault_shop_keystore_passphrase }}"
        owner: shop
  notify:
    - Reload haproxy
    - Restart shop

- name: Switch all files with one rename, and back if nginx does not like them
  globalsign.atlas.atlas_certificate:
    fullchain_path: /etc/ssl/web/fullchain.pem
    privatekey_path: /etc/ssl/web/key.pem
    layout: linked
    validate: nginx -t
    backup: true
    san:
      dns_names: [www.example.com]
  notify: Reload nginx

- name: Obtain a certificate for a key in an HSM
  globalsign.atlas.atlas_certificate:
    csr_content: "{{ lookup('ansible.builtin.file', 'hsm/vpn.example.com.csr') }}"
    public_key_signature: "{{ lookup('ansible.builtin.file', 'hsm/vpn.example.com.proof') }}"
    san:
      dns_names: [vpn.example.com]
  register: vpn

- name: Put it where the appliance fetches it
  ansible.builtin.copy:
    content: "{{ vpn.certificates[0].certificate }}{{ vpn.certificates[0].chain }}"
    dest: /srv/appliance/vpn.example.com.pem
    mode: "0644"

- name: Revoke a certificate whose private key got out
  globalsign.atlas.atlas_certificate:
    state: revoked
    path: /etc/ssl/www/cert.pem
    privatekey_path: /etc/ssl/www/key.pem
    san:
      dns_names: [www.example.com, example.com]
    revocation_reason: keyCompromise
    compromised_at: "2026-11-01T12:00:00Z"
    allow_live: true

- name: Remove a certificate that is not needed any more, with its private key
  globalsign.atlas.atlas_certificate:
    state: absent
    fullchain_path: /etc/ssl/old/fullchain.pem
    privatekey_path: /etc/ssl/old/key.pem
    remove_privatekey: true

- name: Replace a certificate, and switch back if the service does not come up with it
  vars:
    site: &site
      fullchain_path: /etc/ssl/site/fullchain.pem
      privatekey_path: /etc/ssl/site/key.pem
      revoke_superseded: true
      san:
        dns_names: [www.example.com]
  block:
    - name: Keep the certificate, to be confirmed later
      globalsign.atlas.atlas_certificate:
        <<: *site
        acknowledge: later
      register: www

    - name: Reload nginx
      ansible.builtin.systemd_service:
        name: nginx
        state: reloaded
      when: www is changed

    - name: See that it answers
      ansible.builtin.uri:
        url: https://www.example.com/

    - name: Confirm what was installed
      globalsign.atlas.atlas_certificate:
        <<: *site
        state: confirmed
  rescue:
    - name: Switch back to what was there before
      globalsign.atlas.atlas_certificate:
        <<: *site
        state: previous

    - name: Reload nginx with it
      ansible.builtin.systemd_service:
        name: nginx
        state: reloaded
"""

RETURN = r"""
certificates:
  description: The certificates of the task, in the order in which they were given.
  returned: success, and failure once the node was looked at
  type: list
  elements: dict
  contains:
    path:
      description: The path that names the certificate, O(path) or else O(fullchain_path).
      returned: always
      type: str
      sample: /etc/ssl/www/cert.pem
    files:
      description: Where its files are on the node, by the options that said so.
      returned: always
      type: dict
      sample:
        chain_path: /etc/ssl/www/chain.pem
        fullchain_path: /etc/ssl/www/fullchain.pem
        path: /etc/ssl/www/cert.pem
        privatekey_path: /etc/ssl/www/key.pem
    changed:
      description: Whether any of its files was changed, in check mode whether any would be.
      returned: always
      type: bool
      sample: true
    reasons:
      description:
        - Why the certificate was replaced, in check mode why it would be. Empty if it is as wanted.
        - Each begins with a word for the kind of reason, such as C(missing), C(expiring) or C(names).
      returned: always
      type: list
      elements: str
      sample:
        - "missing: there is no private key"
        - "missing: there is no certificate"
    repairs:
      description: What was mended without a new certificate, such as a lost chain file or a wrong mode.
      returned: always
      type: list
      elements: str
      sample:
        - "/etc/ssl/www/cert.pem: mode 0644, not 0640"
    missing_folders:
      description: Folders that have to be created before. Other than in check mode, the certificate fails then.
      returned: always
      type: list
      elements: str
      sample: []
    uncovered:
      description:
        - DNS names that no verified claim covers, which check mode counts as a failure of the certificate. It cannot
          know whether a task before this one would have had them verified.
      returned: in check mode, if there are such names
      type: list
      elements: str
      sample: [www.example.net]
    serial_number:
      description:
        - The serial number in upper-case hex, with zeros in front to 32 digits.
        - This and all that follows tells of the certificate that is on the node after the task.
      returned: when there is a certificate
      type: str
      sample: 01574B802B553103B8A0227F6E00550C
    not_before:
      description: When it starts, ISO 8601 in UTC.
      returned: when there is a certificate
      type: str
      sample: "2026-11-24T03:43:35Z"
    not_after:
      description: When it ends, ISO 8601 in UTC.
      returned: when there is a certificate
      type: str
      sample: "2027-06-11T03:43:35Z"
    remaining_days:
      description: How many whole days are left until then.
      returned: when there is a certificate
      type: int
      sample: 198
    subject:
      description: The subject in the form of RFC 4514.
      returned: when there is a certificate
      type: str
      sample: CN=www.example.com
    issuer:
      description: The issuer in the form of RFC 4514.
      returned: when there is a certificate
      type: str
      sample: CN=Simulated Atlas Issuing CA
    dns_names:
      description: Its DNS names, sorted. Internationalised names are A-labels, as they stand there.
      returned: when there is a certificate
      type: list
      elements: str
      sample:
        - example.com
        - www.example.com
    emails:
      description: Its e-mail addresses, sorted.
      returned: when there is a certificate
      type: list
      elements: str
      sample: []
    ip_addresses:
      description: Its IP addresses, sorted.
      returned: when there is a certificate
      type: list
      elements: str
      sample: []
    uris:
      description: Its URIs, sorted.
      returned: when there is a certificate
      type: list
      elements: str
      sample: []
    key:
      description: Type and size of its public key.
      returned: when there is a certificate
      type: str
      sample: ECDSA 256
    fingerprint:
      description: Its SHA-256 in lower-case hex, without colons.
      returned: when there is a certificate
      type: str
      sample: 100fa3bfd9976777cd8dcfbc19bc050fa579ab2815a7a1f241a41771d9da2461
    certificate:
      description: The certificate in PEM format.
      returned: when return_content is true, or there are no files
      type: str
      sample: "-----BEGIN CERTIFICATE-----\nMIIC...\n-----END CERTIFICATE-----\n"
    chain:
      description: Its issuers in PEM format, the nearest first, without the self-signed root.
      returned: when return_content is true, or there are no files
      type: str
      sample: "-----BEGIN CERTIFICATE-----\nMIIC...\n-----END CERTIFICATE-----\n"
    root:
      description: The self-signed root in PEM format. Empty if it is not known.
      returned: when return_content is true, or there are no files
      type: str
      sample: "-----BEGIN CERTIFICATE-----\nMIIC...\n-----END CERTIFICATE-----\n"
    revoked:
      description: Serial numbers of certificates that this task had revoked, in check mode would have.
      returned: always
      type: list
      elements: str
      sample: []
    removed:
      description: Files and folders that were removed, in check mode would be.
      returned: with O(state=absent)
      type: list
      elements: str
      sample:
        - /etc/ssl/www/cert.pem
    failed:
      description: That this certificate failed. The others may have succeeded.
      returned: when it failed
      type: bool
      sample: true
    msg:
      description: Why it failed, and what to do.
      returned: when it failed
      type: str
      sample: The folder /etc/ssl/www does not exist on the node; create it before this task.
"""

from ansible_collections.globalsign.atlas.plugins.module_utils.old_python import refuse_old_python

refuse_old_python()  # before anything is imported that it could not read

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.certificate import (
    CERTIFICATE_TASK_OPTIONS,
    CERTIFICATE_TASK_RULES,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.arguments.connection import (
    CONNECTION_OPTIONS,
)
from ansible_collections.globalsign.atlas.plugins.module_utils.lifecycle.conduct.on_node import (
    conduct,
)


def main() -> None:
    options = {**CONNECTION_OPTIONS, **CERTIFICATE_TASK_OPTIONS}
    conduct(
        AnsibleModule(argument_spec=options, supports_check_mode=True, **CERTIFICATE_TASK_RULES)
    )


if __name__ == "__main__":
    main()
